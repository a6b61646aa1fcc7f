namespace Replay.Demonstration;

/// <summary>One turn of a conversation: the prompt is everything said so far, then comes the answer.</summary>
/// <param name="Conversation">Which conversation.</param>
/// <param name="PromptLength">Its leading tokens that are the prompt.</param>
/// <param name="AnswerLength">The tokens after them that are the answer.</param>
/// <param name="Samples">How many answers are sampled; the conversation goes on with the first.</param>
internal sealed record Turn(int Conversation, int PromptLength, int AnswerLength, int Samples);
