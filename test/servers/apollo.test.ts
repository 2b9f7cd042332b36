import { describeServer } from "./server-conformance.js";
import { apollo } from "./support/servers.js";

describeServer("Apollo Server", apollo());
