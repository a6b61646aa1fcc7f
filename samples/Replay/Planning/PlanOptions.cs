namespace Replay.Planning;

/// <summary>What is planned for.</summary>
/// <param name="Context">Tokens of a prompt.</param>
/// <param name="Output">Tokens of an answer.</param>
/// <param name="Requests">Requests that are simulated for each rate.</param>
internal sealed record PlanOptions(int Context, int Output, int Requests);
