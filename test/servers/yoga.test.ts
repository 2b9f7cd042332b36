import { describeServer } from "./server-conformance.js";
import { yoga } from "./support/servers.js";

describeServer("GraphQL Yoga", yoga());
