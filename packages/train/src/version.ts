/** Version of this package, for the provenance of what it trains; a test keeps it equal to package.json. */
export const VERSION = '0.1.0';
