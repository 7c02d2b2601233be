module example.com/b

go 1.22.0

require example.com/dep v1.0.1
