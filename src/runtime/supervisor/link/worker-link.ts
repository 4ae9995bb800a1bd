import type { Report, SupervisorQuestions, Told, WorkerQuestions } from './messages.ts';
import { ThreadLink, type Answers } from './thread-link.ts';

/** The supervisor's end of the talk with a worker. */
export class WorkerLink extends ThreadLink<WorkerQuestions, SupervisorQuestions, Told, Report> {}

/** A worker's end of the talk with the supervisor. */
export class SupervisorLink extends ThreadLink<SupervisorQuestions, WorkerQuestions, Report, Told> {}

/** A worker's answers to the supervisor. */
export type WorkerAnswers = Answers<WorkerQuestions>;
