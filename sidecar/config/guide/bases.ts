/** @file The base models that the guide offers: what is here, then what can be downloaded, each with its head. Pure. */
import { type CatalogueBase, catalogue, inCatalogue, parametersOf, shapeOf } from '../../architecture/catalogue.ts';
import type { BaseConfig } from '../../architecture/config.ts';
import { languageName } from '../iso639.ts';
import { headsInOrder } from './heads.ts';
import type { GuideBase, GuideChoice, GuideHead } from './view.ts';

export interface GuideModel {
  name: string;
  /** From its config.json; absent where that describes no model that is supported. */
  shape?: BaseConfig;
  /** Absent until it was inspected. */
  facts?: { parameters: number; hasHead: boolean; heads?: readonly string[]; faults: number; licence?: string };
  /** Hub id, where it was downloaded. */
  source?: string;
}

/** What is here, then what can be downloaded. */
export function basesOf(models: readonly GuideModel[], { head: chosen, base }: GuideChoice): GuideBase[] {
  const here = models.map(({ name, shape, facts, source }): GuideBase => {
    const known = inCatalogue(source);
    const key = `model:${name}`;
    const licence = facts?.licence ?? known?.licence;
    return {
      key,
      name,
      ...(facts ? { parameters: facts.parameters } : {}),
      ...(licence ? { licence, commercial: known?.commercial ?? commercialBy(licence) } : {}),
      ...(known ? { languages: languagesKnown(known) } : {}),
      head: headHere(facts, known, base === key || base === undefined ? chosen : undefined),
      here: true,
      ...(shape ? (facts && facts.faults > 0 ? { fault: 'tensors' as const } : {}) : { fault: 'no-config' as const }),
    };
  });
  const sources = new Set(models.map(({ source }) => source?.toLowerCase()));
  const there = catalogue
    .filter(({ id }) => !sources.has(id.toLowerCase()))
    .map((one): GuideBase => {
      const { head } = one;
      return {
        key: `hub:${one.id}`,
        name: one.name,
        parameters: parametersOf(one),
        bytes: one.bytes,
        ...(one.licence ? { licence: one.licence, commercial: one.commercial } : {}),
        languages: languagesKnown(one),
        head:
          head.where === 'checkpoint'
            ? { kind: 'checkpoint', file: head.file, bytes: head.bytes }
            : { kind: head.where },
        here: false,
      };
    });
  return [...here, ...there];
}

/** Of a licence that a card names: the one thing that its SPDX name says by itself. */
const commercialBy = (licence: string): boolean | undefined => (/\bnc\b/i.test(licence) ? false : undefined);

const languagesKnown = ({ languages }: CatalogueBase): GuideBase['languages'] =>
  typeof languages === 'number' ? languages : { code: languages, name: languageName(languages) ?? languages };

function headHere(facts: GuideModel['facts'], known: CatalogueBase | undefined, chosen: string | undefined): GuideHead {
  if (!facts) return { kind: 'unread' };
  if (facts.hasHead) return { kind: 'found' };
  // Numbered by iteration where there are several: the last is the one that it was trained with last.
  const files = headsInOrder(facts.heads ?? []);
  if (files.length > 0) {
    const fits = chosen !== undefined && (chosen === '' || files.includes(chosen));
    return { kind: 'files', files, chosen: fits ? chosen : files[files.length - 1] };
  }
  if (known?.head.where === 'none') return { kind: 'none' };
  return known?.head.where === 'checkpoint'
    ? { kind: 'checkpoint', file: known.head.file, bytes: known.head.bytes }
    : { kind: 'nowhere' };
}

export const headOf = (base: GuideBase | undefined): { head?: string } =>
  base?.head.kind === 'files' && base.head.chosen !== '' ? { head: base.head.chosen } : {};

export function shapeIn(models: readonly GuideModel[], key: string): BaseConfig | undefined {
  const listed = models.find(({ name }) => key === `model:${name}`);
  if (listed) return listed.shape;
  const known = inCatalogue(key.replace(/^hub:/, ''));
  return known && shapeOf(known);
}
