using KvCache.Serving.Simulation;

namespace Replay.Figures;

/// <summary>One point of one line: what serves what, and what good service is.</summary>
/// <param name="Deployment">The model and its devices.</param>
/// <param name="Load">The requests.</param>
/// <param name="Variant">The manager.</param>
/// <param name="Scale">What the objectives are multiples of: see <see cref="ObjectiveScale"/>.</param>
internal sealed record Case(Deployment Deployment, Load Load, Variant Variant, ObjectiveScale Scale)
{
    public TimeSpan FirstTokenObjective => Deployment.UnloadedFirstToken(Load.PromptTokens) * Scale.FirstToken;

    public TimeSpan TokenObjective => Deployment.UnloadedToken(Load.PromptTokens, Load.OutputTokens) * Scale.Token;

    public ServiceObjectives Objectives => new(FirstTokenObjective, TokenObjective);
}
