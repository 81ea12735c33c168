/** The built program as a step that can be measured, on the Node that this process runs on. */
import { join } from 'node:path';
import type { Step } from './measure.ts';

const bin = join(import.meta.dirname, '../bin/snapback.js');

export const snapback = (...args: string[]): Step => ({ program: process.execPath, args: [bin, ...args] });
