# Builds and runs the consumer. Variables: way (installed or subdirectory), source, build (jensen's, already built),
# compiler, flags, build_type, strict (warnings are errors), launcher, generator.

set(work ${build}/tests/consumer/${way})
set(consumer ${work}/build)
if(way STREQUAL "subdirectory")
  # Beside the build at hand: ccache sees paths relative to the build folder, and has the library's objects already only
  # where these are the same.
  set(work ${build}-consumer)
  set(consumer ${work})
endif()
file(REMOVE_RECURSE ${work})

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "failed (${status}): ${command}")
  endif()
endfunction()

if(way STREQUAL "installed")
  run(${CMAKE_COMMAND} --install ${build} --prefix ${work}/prefix)
  # What the library uses inside is no concern of who installs it: only shared libraries are left to link.
  set(choice -D CMAKE_PREFIX_PATH=${work}/prefix)
  foreach(inside IN ITEMS Eigen3 nlohmann_json CLI11 GTest benchmark)
    list(APPEND choice -D CMAKE_DISABLE_FIND_PACKAGE_${inside}=ON)
  endforeach()
  file(GLOB_RECURSE exported ${work}/prefix/*jensenTargets*.cmake)
  if(NOT exported)
    message(FATAL_ERROR "no exported targets under ${work}/prefix")
  endif()
  foreach(file IN LISTS exported)
    file(READ ${file} text)
    if(text MATCHES "Eigen|nlohmann|Random123|${source}")
      message(FATAL_ERROR "${file} mentions ${CMAKE_MATCH_0}")
    endif()
  endforeach()
elseif(way STREQUAL "subdirectory")
  # With the flags of the build at hand, ccache has the library's objects already.
  set(choice -D JENSEN_SOURCE=${source} -D JENSEN_WARNINGS_AS_ERRORS=${strict})
else()
  message(FATAL_ERROR "way is '${way}'")
endif()

run(${CMAKE_COMMAND} -S ${source}/tests/consumer -B ${consumer} -G ${generator} -D CMAKE_BUILD_TYPE=${build_type}
    -D CMAKE_CXX_COMPILER=${compiler} "-DCMAKE_CXX_FLAGS=${flags}" -D CMAKE_CXX_COMPILER_LAUNCHER=${launcher} ${choice})
run(${CMAKE_COMMAND} --build ${consumer})
run(${consumer}/consumer)
