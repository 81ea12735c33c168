/** What a profile of AWS's files says of a server. */
import { loadSharedConfigFiles } from '@smithy/core/config';
import { SnapbackError } from '../errors.ts';
import type { S3Settings } from './s3-settings.ts';

/**
 * The settings with the region and the endpoint of their profile where they have none of their own; as they are where
 * they name no profile. The SDK itself would ask AWS's variables before the profile, and for the endpoint another
 * profile. Throws `usage` for a profile that is in neither of the files.
 */
export const withProfile = async (settings: S3Settings, location: string): Promise<S3Settings> => {
  const { profile: name } = settings;
  if (name === null) return settings;
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  const profiles = Object.keys({ ...credentialsFile, ...configFile }).filter(
    one => !/^(services|sso-session)\./.test(one),
  );
  if (!profiles.includes(name)) throw unknown(name, profiles, location);
  const profile = { ...credentialsFile[name], ...configFile[name] };
  const services = profile.services ? configFile[`services.${profile.services}`] : undefined;
  return {
    ...settings,
    endpoint: settings.endpoint ?? services?.['s3.endpoint_url'] ?? profile.endpoint_url ?? null,
    region: settings.region ?? profile.region ?? 'us-east-1',
  };
};

const unknown = (name: string, profiles: string[], location: string): SnapbackError =>
  new SnapbackError('usage', {
    operation: 'open the store',
    object: location,
    reason: `names the profile ${JSON.stringify(name)}, which is in none of the AWS files`,
    hint:
      profiles.length > 0
        ? `Known are ${profiles.join(', ')}.`
        : 'Look at ~/.aws/config and ~/.aws/credentials, or where AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE say.',
  });
