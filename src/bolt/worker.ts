/** What a thread of ask.ts runs. */
import { answering } from './answering.ts';
import { questions } from './questions.ts';

await answering(questions);
