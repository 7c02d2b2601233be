module example.com/local

go 1.22.0

require example.com/dep v1.0.0

replace example.com/dep => ./dep
