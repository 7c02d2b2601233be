module m

go 1.22

toolchain go1.22.1
