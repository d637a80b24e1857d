# tandem_add_plugin(tandem-<name> SOURCES file... [LIBRARIES target...] [OUTPUT_DIRECTORY folder]
#                   [CHECK_OPTIONS name=value...] [CONFORMANCE folder] [NO_INSTALL] [NO_CHECK])
#
# Builds tandem-<name>.so as a Tandem plugin: it exports exactly one symbol, resolves all its
# own when it is loaded, and is never unloaded. Libraries given here are linked privately; take
# static ones where you can, their symbols stay hidden.
#
# Unless NO_CHECK is given, the test check_tandem-<name> runs tandem-plugin-check on it, with
# CHECK_OPTIONS for options that the plugin does not start without, and with the recordings in
# CONFORMANCE, by default the folder `conformance` beside the CMakeLists.txt if there is one. And
# a manifest, <name>.yaml, is made from the built library: for lists and packages, the host does
# not read it.
#
# What the reader may set before:
#   TANDEM_PLUGIN_OUTPUT_DIRECTORY  where the library is built; default: the usual place
#   TANDEM_PLUGIN_INSTALL_DIR       below the prefix; default: lib/tandem/plugins
#   TANDEM_PLUGIN_CHECK             the program tandem-plugin-check; default: target or search
set(TANDEM_PLUGIN_INSTALL_DIR lib/tandem/plugins CACHE STRING
    "Where plugins are installed, below the prefix")

function(tandem_add_plugin target)
    cmake_parse_arguments(PARSE_ARGV 1 plugin "NO_INSTALL;NO_CHECK"
        "OUTPUT_DIRECTORY;CONFORMANCE" "SOURCES;LIBRARIES;CHECK_OPTIONS")
    if(plugin_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "tandem_add_plugin(${target}): unknown: ${plugin_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT target MATCHES "^tandem-[a-z0-9][a-z0-9_-]*$")
        message(FATAL_ERROR "tandem_add_plugin: \"${target}\" must be tandem-<name>, lower case; "
            "the host looks for tandem-<name>.so")
    endif()
    if(NOT plugin_SOURCES)
        message(FATAL_ERROR "tandem_add_plugin(${target}): SOURCES are missing")
    endif()

    add_library(${target} MODULE ${plugin_SOURCES})
    target_link_libraries(${target} PRIVATE TandemSDK::sdk ${plugin_LIBRARIES})
    if(TARGET tandem_warnings)
        target_link_libraries(${target} PRIVATE tandem_warnings)
    endif()
    set_target_properties(${target} PROPERTIES
        PREFIX "" SUFFIX .so
        CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF
        C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
        POSITION_INDEPENDENT_CODE ON)
    if(plugin_OUTPUT_DIRECTORY)
        set_target_properties(${target} PROPERTIES
            LIBRARY_OUTPUT_DIRECTORY ${plugin_OUTPUT_DIRECTORY})
    elseif(TANDEM_PLUGIN_OUTPUT_DIRECTORY)
        set_target_properties(${target} PROPERTIES
            LIBRARY_OUTPUT_DIRECTORY ${TANDEM_PLUGIN_OUTPUT_DIRECTORY})
    endif()
    _tandem_plugin_link_options(${target})

    if(NOT plugin_NO_INSTALL)
        install(TARGETS ${target} LIBRARY DESTINATION ${TANDEM_PLUGIN_INSTALL_DIR}
            COMPONENT plugins)
    endif()
    if(plugin_NO_CHECK)
        return()
    endif()
    if(TARGET tandem-plugin-check)
        set(program $<TARGET_FILE:tandem-plugin-check>)
    elseif(TANDEM_PLUGIN_CHECK)
        set(program ${TANDEM_PLUGIN_CHECK})
    else()
        return()
    endif()
    if(NOT plugin_CONFORMANCE AND EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/conformance)
        set(plugin_CONFORMANCE ${CMAKE_CURRENT_SOURCE_DIR}/conformance)
    endif()
    add_test(NAME check_${target} COMMAND ${program} $<TARGET_FILE:${target}>
        "$<$<BOOL:${plugin_CONFORMANCE}>:--conformance;${plugin_CONFORMANCE}>"
        "$<$<BOOL:${plugin_CHECK_OPTIONS}>:--options;${plugin_CHECK_OPTIONS}>"
        COMMAND_EXPAND_LISTS)
    set_tests_properties(check_${target} PROPERTIES TIMEOUT 300)
    _tandem_plugin_manifest(${target} ${program} "${plugin_NO_INSTALL}")
endfunction()

# Hidden visibility is not enough: instantiated templates and unique objects of the standard
# library would still be exported and be shared between plugins. The version script keeps one.
function(_tandem_plugin_link_options target)
    set(script ${CMAKE_CURRENT_BINARY_DIR}/${target}.map)
    file(CONFIGURE OUTPUT ${script} CONTENT "{ global: tandem_plugin_v1; local: *; };\n")
    set_target_properties(${target} PROPERTIES LINK_DEPENDS ${script})
    target_link_options(${target} PRIVATE -Wl,--version-script=${script}
        -Wl,-z,now,-z,relro,-z,nodelete)
    target_compile_options(${target} PRIVATE
        $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-fno-gnu-unique>)
    # A sanitizer's functions come from the program, so they are undefined here.
    if(NOT TANDEM_SANITIZE AND NOT "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_DEBUG}" MATCHES "fsanitize")
        target_link_options(${target} PRIVATE -Wl,-z,defs)
    endif()
endfunction()

# A target of its own, so that a library that cannot be described is still there to be looked at.
function(_tandem_plugin_manifest target program no_install)
    string(REGEX REPLACE "^tandem-" "" name ${target})
    set(manifest ${CMAKE_CURRENT_BINARY_DIR}/${name}.yaml)
    add_custom_command(OUTPUT ${manifest}
        COMMAND ${program} $<TARGET_FILE:${target}> --manifest > ${manifest}
        DEPENDS ${target} ${program}
        COMMENT "Describing ${target}")
    add_custom_target(${target}-manifest ALL DEPENDS ${manifest})
    if(NOT no_install)
        install(FILES ${manifest} DESTINATION share/tandem/plugins COMPONENT plugins)
    endif()
endfunction()
