#pragma once

#include <elf.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

/// A shared library's file as it says it is, read without running any of it. Every offset
/// is checked: the file may be cut, or no ELF at all. Only the machine this is built for.
namespace tandem::host {

class ElfFile {
public:
    explicit ElfFile(const std::string& path) {
        std::ifstream stream(path, std::ios::binary);
        if (!stream) {
            fault_ = "it cannot be read";
            return;
        }
        bytes_.assign(std::istreambuf_iterator<char>(stream), {});
        fault_ = read();
    }

    /// Why it is no shared library for this machine; empty: it is one.
    const std::string& fault() const { return fault_; }
    /// Defined symbols that other libraries see.
    const std::vector<std::string>& exported() const { return exported_; }
    /// Those of them that the loader makes one for the whole process, and whose library it
    /// never unmaps.
    const std::vector<std::string>& unique() const { return unique_; }
    bool executable_stack() const { return executable_stack_; }
    bool never_unloaded() const { return flags_1_ & DF_1_NODELETE; }
    bool binds_now() const { return (flags_1_ & DF_1_NOW) || bind_now_; }

private:
    template <typename Record>
    bool at(uint64_t offset, Record& to) const {
        if (offset > bytes_.size() || sizeof(Record) > bytes_.size() - offset) return false;
        std::memcpy(&to, bytes_.data() + offset, sizeof to);
        return true;
    }

    std::string read() {
        Elf64_Ehdr header{};
        if (!at(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
            return "it is not an ELF file";
        }
#if defined(__x86_64__)
        constexpr uint16_t machine = EM_X86_64;
#elif defined(__aarch64__)
        constexpr uint16_t machine = EM_AARCH64;
#else
#error "name the ELF machine of this platform"
#endif
        if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
            header.e_machine != machine) {
            return "it is built for another machine (ELF machine " +
                   std::to_string(header.e_machine) + ")";
        }
        if (header.e_type != ET_DYN) return "it is an ELF file, but no shared library";
        return read_segments(header);
    }

    std::string read_segments(const Elf64_Ehdr& header) {
        const std::string cut = "it is cut off or damaged";
        if (header.e_phnum == 0 || header.e_phentsize != sizeof(Elf64_Phdr)) return cut;
        Elf64_Phdr dynamic{};
        std::vector<Elf64_Phdr> loaded;
        for (unsigned i = 0; i < header.e_phnum; ++i) {
            Elf64_Phdr segment{};
            if (!at(header.e_phoff + i * sizeof segment, segment)) return cut;
            if (segment.p_filesz > bytes_.size() ||
                segment.p_offset > bytes_.size() - segment.p_filesz) {
                return cut;
            }
            if (segment.p_type == PT_GNU_STACK) executable_stack_ = segment.p_flags & PF_X;
            if (segment.p_type == PT_DYNAMIC) dynamic = segment;
            if (segment.p_type == PT_LOAD) loaded.push_back(segment);
        }
        if (dynamic.p_type != PT_DYNAMIC) return "it has no dynamic section";
        read_dynamic(dynamic);
        return read_symbols(header) ? "" : cut;
    }

    void read_dynamic(const Elf64_Phdr& dynamic) {
        Elf64_Dyn entry{};
        for (uint64_t offset = 0; offset + sizeof entry <= dynamic.p_filesz;
             offset += sizeof entry) {
            if (!at(dynamic.p_offset + offset, entry) || entry.d_tag == DT_NULL) return;
            if (entry.d_tag == DT_FLAGS_1) flags_1_ = entry.d_un.d_val;
            if (entry.d_tag == DT_BIND_NOW) bind_now_ = true;
            if (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_BIND_NOW)) bind_now_ = true;
        }
    }

    // By the section table, which `strip` leaves for dynamic symbols.
    bool read_symbols(const Elf64_Ehdr& header) {
        for (unsigned i = 0; i < header.e_shnum; ++i) {
            Elf64_Shdr section{}, names{};
            if (!at(header.e_shoff + i * sizeof section, section)) return false;
            if (section.sh_type != SHT_DYNSYM) continue;
            if (section.sh_link >= header.e_shnum ||
                !at(header.e_shoff + section.sh_link * sizeof names, names)) {
                return false;
            }
            for (uint64_t offset = 0; offset + sizeof(Elf64_Sym) <= section.sh_size;
                 offset += sizeof(Elf64_Sym)) {
                Elf64_Sym symbol{};
                if (!at(section.sh_offset + offset, symbol)) return false;
                take(symbol, names);
            }
        }
        return true;
    }

    void take(const Elf64_Sym& symbol, const Elf64_Shdr& names) {
        const unsigned binding = ELF64_ST_BIND(symbol.st_info);
        const unsigned visibility = ELF64_ST_VISIBILITY(symbol.st_other);
        if (symbol.st_shndx == SHN_UNDEF || binding == STB_LOCAL) return;
        // The version script's own node is an absolute symbol without a type.
        if (symbol.st_shndx == SHN_ABS) return;
        if (visibility == STV_HIDDEN || visibility == STV_INTERNAL) return;
        const uint64_t start = names.sh_offset + symbol.st_name;
        if (start >= bytes_.size()) return;
        const std::string_view rest = std::string_view(bytes_).substr(start);
        const std::string name(rest.substr(0, rest.find('\0')));
        exported_.push_back(name);
        if (binding == STB_GNU_UNIQUE) unique_.push_back(name);
    }

    std::string bytes_, fault_;
    std::vector<std::string> exported_, unique_;
    bool executable_stack_ = false, bind_now_ = false;
    uint64_t flags_1_ = 0;
};

}  // namespace tandem::host
