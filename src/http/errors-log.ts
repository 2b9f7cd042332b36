import type { ApolloServerPlugin } from "@apollo/server";
import type { Context } from "../context.js";
import { isUnexpected } from "../schema/errors.js";

/** Logs, whole and with the request's id, the errors nobody meant to throw: clients may see none of it. */
export const errorsLogPlugin: ApolloServerPlugin<Context> = {
  async requestDidStart() {
    return {
      async didEncounterErrors({ errors, contextValue, operationName }) {
        for (const error of errors) {
          if (!isUnexpected(error)) continue;
          const err = error.originalError ?? error;
          contextValue.log.error({ err, operationName, path: error.path }, "unexpected error");
        }
      },
    };
  },
};
