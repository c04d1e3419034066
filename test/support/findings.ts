/**
 * @file Findings as a run of two stages would write them, numbers as such runs have them: fin, then vie, beside three
 * languages that the base knows. Against the control in `loss`, against the base elsewhere.
 */
import type { Cell, Change, Example, Finding, Findings, FindingTable } from '../../sidecar/protocol/findings.ts';
import { noise } from './run-events.ts';

const codes = ['fin', 'vie', 'eng', 'deu', 'spa'];
const speakers = [7, 6, 9, 8, 8];

const around = (value: number, half: number, drawn = 7): Finding => ({
  value,
  low: value - half,
  high: value + half * 1.1,
  by: 'speaker',
  drawn,
});

function change(value: number, half: number, better: 'lower' | 'higher', drawn: number): Change {
  const [low, high] = [value - half, value + half];
  const told = low > 0 || high < 0;
  const good = value < 0 === (better === 'lower');
  return { value, low, high, by: 'speaker', drawn, verdict: told ? (good ? 'better' : 'worse') : 'cannot tell' };
}

const known = (values: (number | string)[]): Finding[] =>
  values.map((value) => (typeof value === 'string' ? { reason: value } : { value }));

const none = known([
  'nothing was learned before stage 1',
  'no run has trained fin alone',
  'no run has trained vie alone',
]);

const loss: FindingTable = (() => {
  const adapted = [
    [4.61, 4.74, 3.36, 3.44, 3.41],
    [3.84, 4.7, 3.38, 3.45, 3.4],
    [3.89, 3.97, 3.4, 3.52, 3.42],
  ];
  const control = [
    [4.61, 4.74, 3.36, 3.44, 3.41],
    [3.92, 4.72, 3.37, 3.45, 3.41],
    [3.93, 4.12, 3.37, 3.46, 3.42],
  ];
  return {
    measure: 'loss',
    unit: 'nats',
    better: 'lower',
    against: 'control',
    rows: adapted.map((row, r) =>
      Object.fromEntries(
        row.map((value, i): [string, Cell] => [
          codes[i],
          {
            ...around(value, 0.06 + i / 100, speakers[i]),
            ...(r === 0 ? {} : { change: change(value - control[r][i], 0.028 + i / 200, 'lower', speakers[i]) }),
          },
        ]),
      ),
    ),
    compared: control.map((row) =>
      Object.fromEntries(row.map((value, i) => [codes[i], around(value, 0.06 + i / 100, speakers[i])])),
    ),
    average: known([3.4, 3.52, 3.64]),
    backwardTransfer: known(['nothing comes before the base', -0.01, -0.05]),
    forwardTransfer: none,
    worst: { language: 'vie', value: 3.97 },
    largestLoss: { language: 'deu', row: 2, value: 0.07 },
    notes: ['The units of vie were fitted with vie among them.'],
  };
})();

/** Against the base: row 0 has no change. */
function againstBase(
  measure: string,
  unit: string,
  better: 'lower' | 'higher',
  values: (number | string | undefined)[][],
  half: number,
  more: Partial<FindingTable>,
): FindingTable {
  return {
    measure,
    unit,
    better,
    against: 'base',
    rows: values.map((row, r) =>
      Object.fromEntries(
        row.flatMap((value, i): [string, Cell][] => {
          if (value === undefined) return [];
          if (typeof value === 'string') return [[codes[i], { reason: value }]];
          const base = values[0][i];
          const compared = r > 0 && typeof base === 'number';
          return [
            [
              codes[i],
              {
                ...around(value, half, speakers[i]),
                ...(compared ? { change: change(value - base, half * 0.6, better, speakers[i]) } : {}),
              },
            ],
          ];
        }),
      ),
    ),
    average: [],
    backwardTransfer: [],
    forwardTransfer: none,
    notes: [],
    ...more,
  };
}

const ownHead = againstBase(
  'ownHeadLoss',
  'nats',
  'lower',
  [
    [5.42, 5.61, 3.02, 3.11, 3.07],
    [5.31, 5.6, 3.03, 3.12, 3.07],
    [5.33, 5.48, 3.05, 3.21, 3.08],
  ],
  0.07,
  {
    average: known([3.07, 3.63, 4.03]),
    backwardTransfer: known(['nothing comes before the base', -0.01, -0.04]),
    worst: { language: 'vie', value: 5.48 },
    largestLoss: { language: 'deu', row: 2, value: 0.09 },
  },
);

const identification = againstBase(
  'languageIdentification',
  'share',
  'higher',
  [
    [0.712, 0.804, 0.941, 0.918, 0.902],
    [0.894, 0.811, 0.946, 0.921, 0.897],
    [0.883, 0.927, 0.938, 0.905, 0.9],
  ],
  0.022,
  {
    average: known([0.92, 0.915, 0.911]),
    backwardTransfer: known(['nothing comes before the base', 0.001, -0.006]),
    worst: { language: 'fin', value: 0.883 },
    largestLoss: { language: 'deu', row: 2, value: 0.016 },
  },
);

const without = 'no transcripts';
const cer = againstBase(
  'cer',
  'share',
  'lower',
  [
    [0.342, 0.418, 0.121, without, undefined],
    [0.271, 0.415, 0.122, without, undefined],
    [0.276, 0.339, 0.124, without, undefined],
  ],
  0.024,
  {
    average: known([0.121, 0.197, 0.246]),
    backwardTransfer: known(['nothing comes before the base', -0.001, -0.004]),
    worst: { language: 'vie', value: 0.339 },
    notes: ['Both recognisers were trained on 10 minutes a language.'],
  },
);

const sentences: [string, string, string][] = [
  ['hän lähti kotiin ennen sadetta', 'hän lähti kotin ennen sadeta', 'han lahti koti ennä sate'],
  ['lapset leikkivät pihalla iltaan asti', 'lapset leikivät pihala iltaan asti', 'laset leikki pihala iltan'],
  ['kirja on pöydällä ikkunan vieressä', 'kirja on pöydälä ikunan vieresä', 'kira on poydala ikunan viere'],
];

function examples(language: string, measure: string, from: number, step: number): Example[] {
  const random = noise(language.length + measure.length);
  return Array.from({ length: 10 }, (_, i) => {
    const words = measure === 'cer' ? sentences[i % sentences.length] : undefined;
    const value = from - step * i;
    return {
      id: `${language}_${i % 2 ? 'm' : 'f'}${(i % 4) + 1}_${String(i + 3).padStart(2, '0')}`,
      speaker: `${i % 2 ? 'm' : 'f'}${(i % 4) + 1}`,
      seconds: 2 + random() * 7,
      ...(i === 4
        ? {}
        : {
            path: `/data/speech/${language}/session-${1 + (i % 3)}.wav`,
            startSeconds: Math.round(random() * 4000) / 10,
          }),
      value,
      before: value - (random() - 0.4) * step * 4,
      ...(words ? { reference: words[0], heard: words[1], heardBefore: words[2] } : {}),
    };
  });
}

const lost = (all: Example[]): Example[] =>
  [...all].sort((a, b) => b.value - b.before! - (a.value - a.before!)).slice(0, 6);

function confusion(row: number, features: 'states' | 'log-mel', right: number[], accuracy: number) {
  const windows = [96, 88, 120, 104, 112];
  const random = noise(row + right.length + features.length);
  const counts = right.map((share, i) => {
    const line = codes.map(() => 0);
    line[i] = Math.round(share * windows[i]);
    for (let left = windows[i] - line[i]; left > 0; left--) line[(i + 1 + Math.floor(random() * 4)) % 5]++;
    return line;
  });
  return { row, features, languages: codes, counts, accuracy: around(accuracy, 0.02, 38), chance: 0.231 };
}

const drifts = [
  [0.002, 0.011, 0.03, 0.058, 0.094, 0.127, 0.163, 0.194, 0.231, 0.268, 0.297, 0.321],
  [0.001, 0.009, 0.022, 0.047, 0.081, 0.113, 0.149, 0.181, 0.214, 0.242, 0.263, 0.281],
  [0.001, 0.004, 0.009, 0.016, 0.024, 0.035, 0.046, 0.057, 0.071, 0.083, 0.091, 0.098],
  [0.001, 0.005, 0.012, 0.021, 0.033, 0.048, 0.064, 0.08, 0.097, 0.113, 0.124, 0.132],
  [0.001, 0.004, 0.01, 0.018, 0.027, 0.039, 0.051, 0.063, 0.076, 0.088, 0.097, 0.104],
];

/** Made anew at each call, for a test to damage. */
export function sampleFindings(): Findings {
  const ofFinnish = examples('fin', 'loss', 5.02, 0.07);
  const ofGerman = examples('deu', 'ownHeadLoss', 4.11, 0.06);
  const heard = examples('fin', 'cer', 0.71, 0.03);
  return structuredClone({
    version: 1,
    rows: [
      { row: 0, step: 0, add: [], seconds: 61.4 },
      { row: 1, step: 400, add: ['fin'], seconds: 66.2 },
      { row: 2, step: 800, add: ['vie'], seconds: 67.9 },
    ],
    languages: codes.map((code, i) => ({
      code,
      role: i < 2 ? ('new' as const) : ('existing' as const),
      entered: i < 2 ? i + 1 : 0,
      seconds: 300 + 20 * i,
      utterances: 60 + 4 * i,
      speakers: speakers[i],
    })),
    tables: [loss, ownHead, identification, cer],
    confusions: [
      confusion(0, 'states', [0.71, 0.8, 0.94, 0.92, 0.9], 0.861),
      confusion(0, 'log-mel', [0.52, 0.63, 0.61, 0.57, 0.6], 0.588),
      confusion(1, 'states', [0.89, 0.81, 0.95, 0.92, 0.9], 0.896),
      confusion(2, 'states', [0.88, 0.93, 0.94, 0.9, 0.9], 0.911),
    ],
    drift: [1, 2].flatMap((row) =>
      codes.map((language, i) => ({
        row,
        language,
        layers: [0, ...drifts[i].map((value) => (row === 1 ? value * 0.7 : value))],
      })),
    ),
    examples: [
      { measure: 'loss', language: 'fin', row: 2, worst: ofFinnish, lostMost: lost(ofFinnish) },
      { measure: 'cer', language: 'fin', row: 2, worst: heard, lostMost: lost(heard) },
      { measure: 'ownHeadLoss', language: 'deu', row: 2, worst: ofGerman, lostMost: lost(ofGerman) },
    ],
    skipped: [
      { measure: 'abxWithin', reason: 'no language has phone alignments.' },
      { measure: 'abxAcross', reason: 'no language has phone alignments.' },
    ],
    costShare: 0.064,
    draws: 1000,
    level: 0.95,
    seed: 17,
  });
}
