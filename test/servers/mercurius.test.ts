import { describeServer } from "./server-conformance.js";
import { overMercurius } from "./support/servers.js";

describeServer("Mercurius", overMercurius({ jit: 0 }));
