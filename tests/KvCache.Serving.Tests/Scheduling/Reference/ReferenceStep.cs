namespace KvCache.Serving.Tests.Scheduling.Reference;

/// <summary>What a step of the reference scheduler is.</summary>
internal sealed record ReferenceStep(
    IReadOnlyList<(int Id, int Tokens, int Context)> Rows, IReadOnlyList<int> Preempted, int Running, int Waiting, int Available)
{
    public override string ToString() =>
        $"[{string.Join(' ', Rows)}] preempted [{string.Join(' ', Preempted)}] running {Running} waiting {Waiting} available {Available}";
}
