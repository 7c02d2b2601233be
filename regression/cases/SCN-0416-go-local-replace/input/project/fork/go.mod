module example.com/other

go 1.22.0

require example.com/dep v1.0.0

replace example.com/dep v1.0.0 => example.com/fork v1.2.0
