/** @file What a person should know without looking for it, each with what to try. Pure. */
import {
  deadExperts,
  FORGETTING_KEYS,
  HELD_OUT_KEY,
  isCollapsed,
  LOSS_KEYS,
  LOSS_SHARE,
  ROUTING_KEYS,
} from '../sidecar/protocol/alarm-rules.ts';
import type { Signs } from '../sidecar/protocol/result-words.ts';
import { signed } from './format.ts';
import type { RunHistory } from './history.ts';
import { layerNumber, type Site, siteKey } from './utilisation.ts';
import { t } from './words.ts';

export interface Alarm {
  kind: 'dead' | 'collapsed' | 'worse' | 'forgetting' | 'lost' | 'unmeasured';
  title: string;
  where: string;
  cure: string;
}

/** Nats above its start that a held-out loss may rise. */
const worseNats = 0.02;
/** Nats that the base's own head may lose. */
const forgottenNats = 0.1;
const named = 4;

export function alarms(history: RunHistory): Alarm[] {
  return [...corpusAlarms(history), ...routerAlarms(history), ...languageAlarms(history)];
}

const place = (site: Site) => t('layer {0} {1}', layerNumber(site), site.target);

function some(places: string[]): string {
  const more = places.length - named;
  const first = places.slice(0, named).join(', ');
  return more > 0 ? t('{0} and {1} more', first, more) : first;
}

/** What the sentence on a run's result takes from them. */
export function signsOf({ corpus, utilisation }: RunHistory): Signs {
  const all = [...corpus.values()];
  const codes = (fits: (one: (typeof all)[number]) => boolean) => all.filter(fits).map(({ language }) => language);
  const signs = {
    unmeasured: codes(({ heldOutSeconds }) => heldOutSeconds === 0),
    short: codes(({ dropped, utterances }) => dropped.pieces > LOSS_SHARE * utterances),
    dead: 0,
    collapsed: 0,
  };
  for (const { uses } of routers({ utilisation })) {
    signs.dead += deadExperts(uses.map(({ load }) => load)).length;
    if (isCollapsed(uses.map(({ gates }) => gates))) signs.collapsed++;
  }
  return signs;
}

/** Every router with what each language last did at it. */
const routers = ({ utilisation }: Pick<RunHistory, 'utilisation'>) =>
  utilisation.sorted().flatMap((site) => {
    const uses = utilisation.languages.flatMap(
      (language) => utilisation.at(language, siteKey(site), Number.POSITIVE_INFINITY) ?? [],
    );
    return uses.length > 0 ? [{ site, uses }] : [];
  });

function corpusAlarms({ corpus }: RunHistory): Alarm[] {
  const lost: string[] = [];
  const unmeasured: string[] = [];
  for (const { language, dropped, utterances, heldOutSeconds } of corpus.values()) {
    if (dropped.pieces > LOSS_SHARE * utterances) lost.push(t('{0}: {1} of {2}', language, dropped.pieces, utterances));
    if (heldOutSeconds === 0) unmeasured.push(language);
  }
  const found: Alarm[] = [];
  if (lost.length > 0)
    found.push({
      kind: 'lost',
      title: t('Recordings left out as too short'),
      where: some(lost),
      cure: t('Join a speaker’s short recordings ({0}: 5), or lower {1}.', ...LOSS_KEYS),
    });
  if (unmeasured.length > 0)
    found.push({
      kind: 'unmeasured',
      title: t('Languages that are not measured'),
      where: some(unmeasured),
      cure: t('Nothing of them is held out: add audio, or set {0}.', HELD_OUT_KEY),
    });
  return found;
}

function routerAlarms({ utilisation }: RunHistory): Alarm[] {
  const dead: string[] = [];
  const collapsed: string[] = [];
  for (const { site, uses } of routers({ utilisation })) {
    for (const expert of deadExperts(uses.map(({ load }) => load)))
      dead.push(t('{0} expert {1}', place(site), expert + 1));
    if (isCollapsed(uses.map(({ gates }) => gates))) collapsed.push(place(site));
  }
  const found: Alarm[] = [];
  if (dead.length > 0)
    found.push({
      kind: 'dead',
      title: dead.length === 1 ? t('A dead expert') : t('{0} dead experts', dead.length),
      where: some(dead),
      cure: t(
        'No language uses them. Try a balance loss ({0}), fewer experts ({1}), or a lower rate ({2}).',
        ...ROUTING_KEYS,
      ),
    });
  if (collapsed.length > 0)
    found.push({
      kind: 'collapsed',
      title: collapsed.length === 1 ? t('A collapsed router') : t('{0} collapsed routers', collapsed.length),
      where: some(collapsed),
      cure: t('Nearly all frames go to one expert. Try a balance loss ({0}), or a lower rate ({2}).', ...ROUTING_KEYS),
    });
  return found;
}

function languageAlarms(history: RunHistory): Alarm[] {
  const worse: string[] = [];
  const forgotten: string[] = [];
  for (const [code, { role, heldOut, own, ownBase }] of history.languages) {
    if (role !== 'existing') continue;
    const { loss } = heldOut;
    const risen = loss.last() - loss.first();
    const rising = loss.length >= 2 && loss.last() > loss.values.at(loss.length - 2);
    if (risen > worseNats && rising) worse.push(`${code} (${signed(risen, 3)} ${t('nats')})`);
    const lost = own.loss.last() - ownBase.loss.last();
    if (lost > forgottenNats) forgotten.push(`${code} (${signed(lost, 3)} ${t('nats')})`);
  }
  const found: Alarm[] = [];
  const cure = t('Try more replay ({0}), a lower rate ({1}), or fewer steps ({2}).', ...FORGETTING_KEYS);
  if (worse.length > 0)
    found.push({ kind: 'worse', title: t('Existing languages are getting worse'), where: some(worse), cure });
  if (forgotten.length > 0)
    found.push({ kind: 'forgetting', title: t('The base’s own head forgets'), where: some(forgotten), cure });
  return found;
}
