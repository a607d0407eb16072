// The places a forecast is made for: the 18 points of the reference study or the caller's own.

/** A place on the globe, degrees. */
export interface Station {
  name: string;
  latitude: number;
  longitude: number;
}

const LIMIT = 500;

/** The default 18 points: latitudes −85 −50 −20 20 50 85 × longitudes −120 0 120. */
export function defaultStations(): Station[] {
  return [85, 50, 20, -20, -50, -85].flatMap((latitude) =>
    [-120, 0, 120].map((longitude) => ({ name: placeName(latitude, longitude), latitude, longitude })),
  );
}

/** A name such as `50N 120W` from degrees. */
export function placeName(latitude: number, longitude: number): string {
  const ns = latitude < 0 ? 'S' : 'N';
  const ew = longitude < 0 ? 'W' : 'E';
  return `${Math.abs(latitude)}${ns} ${Math.abs(longitude)}${ew}`;
}

/**
 * Reads stations from text: `name,latitude,longitude` with `;` or line ends between, or a JSON array of
 * `{name, latitude, longitude}` (also `lat`, `lon`).
 * @throws one sentence naming the entry that cannot be used.
 */
export function parseStations(text: string): Station[] {
  const trimmed = text.trim();
  const raw = trimmed.startsWith('[') ? fromJson(trimmed) : fromList(trimmed);
  if (raw.length === 0)
    throw new Error('stations: expected at least one, got none. Write "name,latitude,longitude".');
  if (raw.length > LIMIT) throw new Error(`stations: expected at most ${LIMIT}, got ${raw.length}.`);
  const seen = new Set<string>();
  for (const { name, latitude, longitude } of raw) {
    if (name === '') throw new Error('stations: every station needs a name.');
    if (seen.has(name))
      throw new Error(`stations: '${name}' is there twice. Give every station its own name.`);
    seen.add(name);
    if (!(Math.abs(latitude) <= 90)) {
      throw new Error(`stations: latitude of '${name}' must be within −90 … 90 degrees, got ${latitude}.`);
    }
    if (!(Math.abs(longitude) <= 360)) {
      throw new Error(
        `stations: longitude of '${name}' must be within −360 … 360 degrees, got ${longitude}.`,
      );
    }
  }
  return raw.map((station) => ({ ...station, longitude: wrapLongitude(station.longitude) }));
}

/** A longitude within −180 … 180 degrees. */
function wrapLongitude(longitude: number): number {
  return Math.abs(longitude) <= 180 ? longitude : longitude - 360 * Math.sign(longitude);
}

function fromList(text: string): Station[] {
  return text
    .split(/[;\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => {
      const parts = entry.split(',').map((part) => part.trim());
      if (parts.length !== 3 || parts[1] === '' || parts[2] === '') {
        throw new Error(
          `stations: expected "name,latitude,longitude", got "${entry.slice(0, 60)}". Separate stations with ";".`,
        );
      }
      return { name: parts[0]!, latitude: Number(parts[1]), longitude: Number(parts[2]) };
    });
}

function fromJson(text: string): Station[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new Error(`stations: expected a JSON array, but it does not parse: ${(error as Error).message}.`);
  }
  return (parsed as unknown[]).map((entry, index) => {
    if (typeof entry !== 'object' || entry === null) {
      throw new Error(`stations: entry ${index + 1} must be {"name", "latitude", "longitude"}.`);
    }
    const fields = entry as Record<string, unknown>;
    const latitude = fields.latitude ?? fields.lat;
    const longitude = fields.longitude ?? fields.lon;
    if (typeof latitude !== 'number' || typeof longitude !== 'number') {
      throw new Error(
        `stations: entry ${index + 1} must have numbers "latitude" and "longitude" (degrees), got ${JSON.stringify(entry).slice(0, 80)}.`,
      );
    }
    const name = typeof fields.name === 'string' ? fields.name.trim() : placeName(latitude, longitude);
    return { name, latitude, longitude };
  });
}
