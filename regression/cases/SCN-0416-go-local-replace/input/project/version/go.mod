module example.com/version

go 1.22.0

require example.com/dep v1.0.0

replace example.com/dep v0.9.0 => ./dep
