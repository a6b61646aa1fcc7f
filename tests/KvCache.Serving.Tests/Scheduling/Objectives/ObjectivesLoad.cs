namespace KvCache.Serving.Tests.Scheduling.Objectives;

/// <summary>A load, and a server with an objective. Times are in microseconds.</summary>
internal sealed record ObjectivesLoad(
    int Blocks,
    int StepTokens,
    int Base,
    int PrefillToken,
    int DecodeRequest,
    int Objective,
    bool Protects,
    int LongestWait,
    int DeviceTokens,
    int Predictor,
    IReadOnlyList<(int Gap, int Prompt, int Output)> Requests);
