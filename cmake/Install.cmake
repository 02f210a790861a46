# Makes find_package(jensen) work from an installed copy.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

install(TARGETS jensen EXPORT jensenTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/jensen DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT jensenTargets NAMESPACE jensen:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/jensen)
configure_package_config_file(cmake/jensenConfig.cmake.in ${PROJECT_BINARY_DIR}/jensenConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/jensen)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/jensenConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/jensenConfig.cmake ${PROJECT_BINARY_DIR}/jensenConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/jensen)
if(JENSEN_BUILD_APPS)
  install(TARGETS jensen_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
