module example.com/fixed

go 1.22.0

require example.com/dep v1.0.1 // indirect
