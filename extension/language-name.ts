/** @file What a language is called in the person's language. It must not know VS Code. */
import { languageName as nameIn } from '../sidecar/config/iso639.ts';

let locale = 'en';

/**
 * From here on, in this bundle. Nothing is shared between those that are loaded later: each begins with this.
 * @param spoken VS Code's display language, where our own words are there in it
 */
export function speak(spoken: string | undefined): void {
  locale = spoken ?? 'en';
}

/** Undefined where the code is not ISO 639-3. */
export const languageName = (code: string): string | undefined => nameIn(code, locale);
