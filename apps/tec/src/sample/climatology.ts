// The regular part of the synthetic ionosphere: vertical TEC as a function of place, time and solar activity.
// Formula and coefficients are the published NTCM: Jakowski, Hoque and Mayer 2011, J. Geodesy 85, 965–974,
// in the form of "NTCM-G Ionospheric Model Description" (European Commission 2022). It is a shape to draw
// samples from, not a forecast.

const RADIANS = Math.PI / 180;

/** Geomagnetic north pole of the dipole [degrees]. */
const POLE = { latitude: 79.74, longitude: -71.78 };

const K = [
  0.92519, 0.16951, 0.00443, 0.06626, 0.00899, 0.21289, -0.15414, -0.38439, 1.14023, 1.20556, 1.41808,
  0.13985,
] as const;

/** Magnetic latitude [degrees] of a place [degrees] under the dipole of NTCM. */
export function magneticLatitude(latitude: number, longitude: number): number {
  const sine =
    Math.sin(latitude * RADIANS) * Math.sin(POLE.latitude * RADIANS) +
    Math.cos(latitude * RADIANS) *
      Math.cos(POLE.latitude * RADIANS) *
      Math.cos((longitude - POLE.longitude) * RADIANS);
  return Math.asin(Math.max(-1, Math.min(1, sine))) / RADIANS;
}

/** Declination of the sun [radians] on a day of the year: 23.44°·sin(0.9856°·(d − 80.7)). */
export function declination(dayOfYear: number): number {
  return 23.44 * RADIANS * Math.sin(0.9856 * RADIANS * (dayOfYear - 80.7));
}

/**
 * The diurnal factor of one latitude: F1 = `level + swing · diurnalShape(localTime)`, where
 * level = cos(φ − δ) + 0.4 and swing = cos(φ − δ) − (2/π)·φ·sin δ.
 */
export function diurnalFactor(latitude: number, dayOfYear: number): { level: number; swing: number } {
  const delta = declination(dayOfYear);
  const phi = latitude * RADIANS;
  const height = Math.cos(phi - delta);
  return { level: height + 0.4, swing: height - (2 / Math.PI) * phi * Math.sin(delta) };
}

/** k1·cos(2π(LT − 14)/24) + k2·cos(2πLT/12) + k3·sin(2πLT/12) + k4·cos(2πLT/8) + k5·sin(2πLT/8), LT in hours. */
export function diurnalShape(localTime: number): number {
  const angle = 2 * Math.PI * localTime;
  return (
    K[0] * Math.cos((2 * Math.PI * (localTime - 14)) / 24) +
    K[1] * Math.cos(angle / 12) +
    K[2] * Math.sin(angle / 12) +
    K[3] * Math.cos(angle / 8) +
    K[4] * Math.sin(angle / 8)
  );
}

/** F2 = 1 + k6·cos(2π(d − 18)/365.25) + k7·cos(4π(d − 6)/365.25): the annual and semi-annual variation. */
export function seasonalFactor(dayOfYear: number): number {
  return (
    1 +
    K[5] * Math.cos((2 * Math.PI * (dayOfYear - 18)) / 365.25) +
    K[6] * Math.cos((4 * Math.PI * (dayOfYear - 6)) / 365.25)
  );
}

/** F3·F4 at a magnetic latitude [degrees]: the dependence on the field and the two crests beside its equator. */
export function magneticFactor(latitude: number): number {
  const crest = (centre: number, width: number) =>
    Math.exp(-((latitude - centre) ** 2) / (2 * width * width));
  return (1 + K[7] * Math.cos(latitude * RADIANS)) * (1 + K[8] * crest(16, 12) + K[9] * crest(-10, 13));
}

/** F5 = k11 + k12·F10.7: solar activity [sfu] to a scale [TECU]. */
export function solarFactor(solarFlux: number): number {
  return K[10] + K[11] * solarFlux;
}

/**
 * Vertical TEC [TECU] of the climatology, F1·F2·F3·F4·F5, at a place [degrees], an hour of the day [UT hours],
 * a day of the year and a solar flux F10.7 [sfu].
 */
export function climatologicalTec(
  place: { latitude: number; longitude: number },
  hour: number,
  sun: { dayOfYear: number; solarFlux: number },
): number {
  const { level, swing } = diurnalFactor(place.latitude, sun.dayOfYear);
  return (
    (level + swing * diurnalShape(hour + place.longitude / 15)) *
    seasonalFactor(sun.dayOfYear) *
    magneticFactor(magneticLatitude(place.latitude, place.longitude)) *
    solarFactor(sun.solarFlux)
  );
}
