// The thread in which words-heard.ts listens: an answer takes it half a second.
import { parentPort, workerData } from 'node:worker_threads';
import { wordsHeard, type HeardWords } from './words-heard.ts';

parentPort?.postMessage(wordsHeard(workerData as HeardWords), []);
