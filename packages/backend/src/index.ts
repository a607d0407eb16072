export { useBackend } from './use-backend.ts';
