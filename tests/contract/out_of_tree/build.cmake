# Installs the SDK from the build folder TANDEM_BUILD and builds its template elsewhere. CXX,
# GENERATOR and NM are the tools; TANDEM_CHECKER is set if the checker is part of the SDK.
set(folder ${TANDEM_BUILD}/out_of_tree)
set(prefix ${folder}/prefix)
set(build ${folder}/build)
set(library ${prefix}/lib/tandem/plugins/tandem-acme.so)
file(REMOVE_RECURSE ${folder})

function(run what)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output
        ERROR_VARIABLE output)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "${what} failed (${result}):\n${output}")
    endif()
    set(output "${output}" PARENT_SCOPE)
endfunction()

run("installing the SDK" ${CMAKE_COMMAND} --install ${TANDEM_BUILD} --component sdk
    --prefix ${prefix})
run("configuring the template" ${CMAKE_COMMAND} -S ${prefix}/share/tandem/template -B ${build}
    -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_PREFIX_PATH=${prefix}
    -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wshadow -Werror")
run("building the template" ${CMAKE_COMMAND} --build ${build})
run("installing the plugin" ${CMAKE_COMMAND} --install ${build} --prefix ${prefix})

run("listing the symbols of the plugin" ${NM} -D --defined-only --format=posix ${library})
string(REGEX REPLACE " [^\n]*" "" symbols "${output}")
string(STRIP "${symbols}" symbols)
if(NOT symbols STREQUAL "tandem_plugin_v1")
    message(FATAL_ERROR "the plugin must export tandem_plugin_v1 alone, and exports:\n${symbols}")
endif()

# Nothing of the source tree may have been needed.
file(STRINGS ${build}/CMakeCache.txt leaks REGEX "^TandemSDK_DIR:")
if(NOT leaks MATCHES "=${prefix}/")
    message(FATAL_ERROR "the SDK was not found in the prefix: ${leaks}")
endif()

run("testing the template" ${CMAKE_CTEST_COMMAND} --test-dir ${build} --no-tests=error
    --output-on-failure)
if(TANDEM_CHECKER AND NOT output MATCHES "check_tandem-acme \\.+ +Passed")
    message(FATAL_ERROR "the installed checker did not check the plugin:\n${output}")
endif()
message(STATUS "${output}")
