/** @file What a person should be warned of while it trains, each thing once. */

import { deadExperts, isCollapsed, ROUTING_KEYS } from '../protocol/alarm-rules.ts';
import type { UtilisationPoint } from '../protocol/events.ts';
import type { Arm } from './arms.ts';

const [BALANCE, , RATE] = ROUTING_KEYS;

export class Watch {
  private readonly told = new Set<string>();

  constructor(private readonly say: (text: string) => void) {}

  private warn(key: string, text: string): void {
    if (!this.told.has(key)) this.say(text);
    this.told.add(key);
  }

  /** B starts at zero and must not stay there: a known bug of adapters that are wired in but never reached. */
  adapter({ learner: { parameters } }: Arm): void {
    for (const name of parameters.names) {
      if (!name.endsWith('.lora_B') || parameters.view(name).some((x) => x !== 0)) continue;
      const cure = `Raise ${RATE} or leave the site out.`;
      this.warn(name, `${name} is still zero after the warm-up: this site learns nothing. ${cure}`);
    }
  }

  routing({ languages }: UtilisationPoint): void {
    const all = Object.values(languages);
    all[0]?.forEach(({ layer, target }, i) => {
      const where = `layer ${layer + 1}, ${target}`;
      for (const e of deadExperts(all.map((uses) => uses[i].load)))
        this.warn(
          `dead ${i} ${e}`,
          `Expert ${e + 1} of ${where} is dead: no language gives it a twentieth of a fair load. Raise ${BALANCE}.`,
        );
      if (isCollapsed(all.map((uses) => uses[i].gates)))
        this.warn(
          `collapsed ${i}`,
          `The router of ${where} has collapsed onto one expert. Lower ${RATE} or raise ${BALANCE}.`,
        );
    });
  }
}
