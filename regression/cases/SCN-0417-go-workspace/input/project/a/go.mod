module example.com/a

go 1.22.0

require example.com/dep v1.0.0
