package imagetest

import (
	"bytes"
	"compress/zlib"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"strings"
)

// goProgram is an ELF file that holds what the go command writes into programs: the first
// line is the version of Go, the rest the lines of go version -m.
func goProgram(text []byte) ([]byte, error) {
	version, mod, _ := strings.Cut(string(text), "\n")
	const begin, end = "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6", "\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2"
	mod = begin + mod + end
	data := append([]byte("\xff Go buildinf:"), 8, 2) // size of pointers, strings that follow
	data = append(data, make([]byte, 16)...)
	data = append(binary.AppendUvarint(data, uint64(len(version))), version...)
	data = append(binary.AppendUvarint(data, uint64(len(mod))), mod...)
	return program(".go.buildinfo", data)
}

// rustProgram is an ELF file that holds what cargo auditable writes: text is its JSON.
func rustProgram(text []byte) ([]byte, error) {
	var packed bytes.Buffer
	z, err := zlib.NewWriterLevel(&packed, zlib.NoCompression)
	if err != nil {
		return nil, err
	}
	z.Write(text) // to memory: cannot fail
	z.Close()
	return program(".dep-v0", packed.Bytes())
}

// program is an ELF file for amd64 with one section that is loaded.
func program(section string, data []byte) ([]byte, error) {
	const begin, address = 64 + 56, 0x10000
	names := "\x00.shstrtab\x00" + section + "\x00"
	nameAt := begin + len(data)
	table := nameAt + len(names)
	header := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Phoff: 64, Shoff: uint64(table),
		Ehsize: 64, Phentsize: 56, Phnum: 1, Shentsize: 64, Shnum: 3, Shstrndx: 1,
	}
	copy(header.Ident[:], "\x7fELF\x02\x01\x01")
	size := uint64(len(data))
	var b bytes.Buffer
	for _, part := range []any{
		header,
		elf.Prog64{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_W), Off: begin, Vaddr: address, Filesz: size, Memsz: size, Align: 16},
		data,
		[]byte(names),
		elf.Section64{},
		elf.Section64{Name: 1, Type: uint32(elf.SHT_STRTAB), Off: uint64(nameAt), Size: uint64(len(names)), Addralign: 1},
		elf.Section64{Name: 11, Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC), Addr: address, Off: begin, Size: size, Addralign: 16},
	} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			return nil, fmt.Errorf("writing an ELF file: %w", err)
		}
	}
	return b.Bytes(), nil
}
