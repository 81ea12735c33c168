/** Where an object of a store is, for a person. `location` is the store's; its settings, if any, stay at the end. */
export const objectAddress = (location: string, name: string): string => {
  const [, place = location, settings = ''] = /^(s3:[^?]*)(\?.*)$/is.exec(location) ?? [];
  return `${place.replace(/\/$/, '')}/${name}${settings}`;
};
