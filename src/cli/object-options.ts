/** The options of commands that take keys out of a snapshot, beside what names the keys themselves. */
import { numberOption, textOption } from './option.ts';

export const objectOptions = {
  resource: textOption({
    flag: 'resource',
    value: 'NAME',
    help: 'the objects of a resource of Kubernetes: secrets, deployments, widgets.example.com',
    fallback: null,
    inConfig: false,
  }),
  namespace: textOption({
    flag: 'namespace',
    value: 'NAME',
    help: 'with --resource: those of this namespace',
    fallback: null,
    inConfig: false,
  }),
  name: textOption({
    flag: 'name',
    value: 'NAME',
    help: 'with --resource: the one object of this name',
    fallback: null,
    inConfig: false,
  }),
  revision: numberOption({
    flag: 'revision',
    help: 'as it was at this revision, where the snapshot still has it (default: its newest)',
    least: 1,
    fallback: null,
    inConfig: false,
  }),
};
