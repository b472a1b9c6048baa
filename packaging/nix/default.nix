# nix-build packaging/nix, on a tree with a configure (./dev distcheck makes a tarball that has one).
{ pkgs ? import <nixpkgs> { } }:

pkgs.stdenv.mkDerivation {
  pname = "mailtrace";
  version = "0.1.0";
  src = ../..;

  nativeBuildInputs = [ pkgs.autoreconfHook pkgs.pkg-config pkgs.python3 ];
  buildInputs = [ pkgs.bzip2 pkgs.json_c pkgs.xxHash pkgs.xz pkgs.zlib pkgs.zstd ];
  nativeCheckInputs = [ pkgs.check ];

  # The module for rsyslog needs the source of the rsyslog that is to load it.
  configureFlags = [ "--disable-rsyslog" "--disable-syslog-ng" ];
  doCheck = true;

  meta = {
    description = "Turn mail server logs into events";
    license = pkgs.lib.licenses.asl20;
    mainProgram = "mailtrace";
    platforms = pkgs.lib.platforms.unix;
  };
}
