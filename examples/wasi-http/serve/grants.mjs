// What the component gets of this machine, before it is served: `jco serve --jco-import grants.mjs`. Its variables of the environment, one folder,
// outgoing HTTP; no other variable, file or socket. It has to be the very shim that jco itself uses, so `package.json` pins both.

import { _setEnv, _setCwd } from "@bytecodealliance/preview2-shim/cli";
import { _setPreopens } from "@bytecodealliance/preview2-shim/filesystem";
import { _denyDnsLookup, _denyTcp, _denyUdp } from "@bytecodealliance/preview2-shim/sockets";

_setEnv(Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("JOURNEY_"))));
_setCwd(undefined);
_setPreopens(process.env.STATE_FOLDER ? { "/state": process.env.STATE_FOLDER } : {});
_denyDnsLookup();
_denyTcp();
_denyUdp();
