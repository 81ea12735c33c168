import { dirname } from 'node:path';
import type { ToolsInstallResult } from '../job/tools-install.ts';
import type { Style } from './style.ts';

export const toolsInstallText = (result: ToolsInstallResult, style: Style): string => {
  const how = {
    present: 'is already there',
    released: 'was fetched and its checksum compared',
    built: 'was built',
    debian: "was taken from Debian's packages",
  }[result.how];
  return `etcd ${result.version} ${how}: ${style.good(folderOf(result))}`;
};

export const folderOf = (result: ToolsInstallResult): string => dirname(result.etcd ?? result.etcdutl ?? '');
