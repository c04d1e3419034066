/** @file `milore devices`: every execution provider, usable or why not. */
import { Command } from 'commander';
import { DEVICES, tryDevice } from '../engine/devices.ts';
import { table, tell, tellJson } from './output.ts';

export const devices = () =>
  new Command('devices')
    .description('Show which devices can train here, and which one "auto" takes.')
    .option('--json', 'JSON on standard output', false)
    .action(async ({ json }: { json: boolean }) => {
      const reports = [];
      for (const device of DEVICES) reports.push(await tryDevice(device));
      const auto = reports.find(({ usable }) => usable)!.device;
      if (json) tellJson({ devices: reports, auto });
      else {
        const rows = reports.map(({ device, usable, reason }) => [device, usable ? 'usable' : 'no', reason]);
        tell(`${table([['device', '', ''], ...rows], 3)}\n\nauto takes ${auto}.`);
      }
    });
