import { z } from "zod";
import { BadInputError } from "./errors.js";

const emailFormat = z.email();

/** Trimmed. @throws BadInputError */
export function checkName(given: string): string {
  const name = given.trim().normalize("NFC");
  const length = [...name].length;
  if (length < 1 || length > 100) {
    throw new BadInputError(`name must have 1 to 100 characters, but ${length} came.`);
  }
  if (/[\p{Cc}\p{Cs}]/u.test(name)) {
    throw new BadInputError("name must not contain control characters, nor halves of characters.");
  }
  return name;
}

/** Trimmed; the case of letters is kept, and means nothing. @throws BadInputError */
export function checkEmail(given: string): string {
  const email = given.trim().normalize("NFC");
  if (!isEmail(email)) {
    throw new BadInputError("email must be an email address of at most 254 characters.");
  }
  return email;
}

/** Whether any account may have it. */
export function isEmail(email: string): boolean {
  return email.length <= 254 && emailFormat.safeParse(email).success;
}

/** As it was given: blanks are part of it. @throws BadInputError */
export function checkPassword(given: string): string {
  if (!isPassword(given)) {
    throw new BadInputError(
      `password must have 8 to 200 characters, but ${[...given].length} came.`,
    );
  }
  return given;
}

/** Whether any account may have it. */
export function isPassword(given: string): boolean {
  // 200 characters have at most 400 code units: a longer one is not worth counting.
  if (given.length > 400) return false;
  const length = [...given].length;
  return length >= 8 && length <= 200;
}
