module m

go 1.22.2

toolchain go1.22.1
