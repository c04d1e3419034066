/** @file JSON that anyone may have written. A leaf. */

/** Our own files and those of the hub need five; what goes through a value by calling itself can take thousands. */
const deepest = 100;

/**
 * As `JSON.parse`, but a text that is nested deeper than anything needs is refused in words: the parser takes it, and
 * whoever prints or compares the value would run out of stack.
 *
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (quoted) {
      if (c === 0x5c) i++;
      else if (c === 0x22) quoted = false;
    } else if (c === 0x22) quoted = true;
    else if (c === 0x5b || c === 0x7b) {
      if (++depth > deepest) throw new SyntaxError(`it is nested more than ${deepest} levels deep`);
    } else if (c === 0x5d || c === 0x7d) depth--;
  }
  return JSON.parse(text);
}
