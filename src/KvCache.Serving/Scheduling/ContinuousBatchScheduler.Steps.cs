using System.Diagnostics.CodeAnalysis;
using KvCache.Serving.CostModels;

namespace KvCache.Serving.Scheduling;

/// <content>The end of a step: tokens are taken, requests end.</content>
public sealed partial class ContinuousBatchScheduler
{
    /// <summary>Adds another answer to a prompt that was just computed: it shares the memory of what is computed already.</summary>
    /// <remarks>
    /// Called between the allocator's <see cref="KvStep.Complete()"/> and <see cref="Complete"/>. Where there is no memory or place for
    /// one more to run, it waits like any other request.
    /// </remarks>
    /// <param name="step">The open step.</param>
    /// <param name="row">A row of it that yields a token.</param>
    /// <param name="sibling">A request that was never submitted, with the tokens of the row's request as its prompt.</param>
    /// <param name="token">The first token of the sibling's answer.</param>
    /// <returns>Whether memory is shared.</returns>
    /// <exception cref="ArgumentException">
    /// The row yields no token or its sequence is lost, or the sibling was submitted before, has another prompt or does not fit the memory.
    /// </exception>
    /// <exception cref="InvalidOperationException">The step has ended, or the allocator's step was not completed.</exception>
    public bool Fork(ScheduledStep step, int row, ServingRequest sibling, int token)
    {
        ArgumentNullException.ThrowIfNull(sibling);
        EnsureOpen(step);
        EnsureNew(sibling, nameof(sibling));
        ServingRequest request = step.Requests[row];
        if (!step.RowWork[row].Samples || step.Rows[row].Sequence.IsLost || !sibling.Tokens.SequenceEqual(request.Tokens) || !Fits(sibling))
        {
            throw new ArgumentException(
                $"Row {row} of {request.TokenCount} tokens cannot be continued by the sibling's {sibling.TokenCount} and {sibling.MaxTokens} more; " +
                "expected a row that yields a token, a sibling with the same tokens, and memory for its answer.",
                nameof(sibling));
        }

        EnsureComputed(step.Rows[row], row, request.TokenCount, "complete the allocator's step first");
        TimeSpan now = Now;
        Accept(sibling, request.SubmittedAt);
        sibling.StartedAt = request.StartedAt;
        if (Take(sibling, token, now))
        {
            End(sibling, RequestStatus.Finished, now);
            _plan.Ended.Add(sibling);
            return false;
        }

        if (_running.Count < _options.MaxSequences
            && request.Sequence!.TryFork(request.ComputedLength, out KvSequence? sequence, out _))
        {
            sibling.Sequence = sequence;
            sibling.Status = RequestStatus.Running;
            _running.Add(sibling);
            return true;
        }

        Wait(sibling);
        return false;
    }

    /// <summary>Ends a step: every row that yields a token gets it, and requests that have all theirs give their memory back.</summary>
    /// <remarks>
    /// The allocator's step must have been completed before. A row whose sequence is lost (<see cref="KvSequence.IsLost"/>) yields nothing:
    /// its token is not looked at, and its request is preempted for recomputation by the next step.
    /// </remarks>
    /// <param name="step">The open step.</param>
    /// <param name="tokens">The chosen tokens, one for each row that yields one, in the order of the rows; any for a lost one.</param>
    /// <exception cref="ArgumentException">There are more or fewer tokens than rows that yield one.</exception>
    /// <exception cref="InvalidOperationException">The step has ended, or the allocator's step was not completed.</exception>
    public void Complete(ScheduledStep step, ReadOnlySpan<int> tokens)
    {
        EnsureOpen(step);
        if (tokens.Length != _plan.SampledRows)
        {
            throw new ArgumentException($"{tokens.Length} tokens were given; expected {_plan.SampledRows}.", nameof(tokens));
        }

        ReadOnlySpan<KvRow> rows = _plan.Rows;
        ReadOnlySpan<RowWork> work = _plan.Work;
        for (int row = 0; row < rows.Length; row++)
        {
            if (!rows[row].Sequence.IsLost)
            {
                EnsureComputed(rows[row], row, work[row].Context + work[row].Tokens, "complete the allocator's step first");
            }
        }

        TimeSpan now = Now;
        int sampled = 0;
        for (int row = 0; row < rows.Length; row++)
        {
            ServingRequest request = _plan.Requests[row];
            sampled += work[row].Samples ? 1 : 0;
            if (rows[row].Sequence.IsLost)
            {
                continue;
            }

            CountRecomputed(request, work[row]);
            if (work[row].Samples && Take(request, tokens[sampled - 1], now))
            {
                End(request, RequestStatus.Finished, now);
                _plan.Ended.Add(request);
            }
        }

        _steps++;
        _decodeTokens += _plan.DecodeRows;
        _prefillTokens += _plan.TokenCount - _plan.DecodeRows;
        Close(now);
    }

    /// <summary>Ends a step that was not computed. Its requests go on as if it had not been made, with the memory that they got.</summary>
    /// <param name="step">The open step; of the allocator's, nothing may have been completed.</param>
    /// <exception cref="InvalidOperationException">The step has ended, or the allocator's step was completed.</exception>
    public void Abandon(ScheduledStep step)
    {
        EnsureOpen(step);
        for (int row = 0; row < _plan.Rows.Length; row++)
        {
            EnsureComputed(_plan.Rows[row], row, _plan.Work[row].Context, "it can only be completed now");
        }

        Close(Now);
    }

    private static void EnsureComputed(KvRow row, int index, int expected, string advice)
    {
        if (row.Sequence.ComputedLength != expected)
        {
            NotAsComputed(row, index, expected, advice);
        }
    }

    [DoesNotReturn]
    private static void NotAsComputed(KvRow row, int index, int expected, string advice) => throw new InvalidOperationException(
        $"Row {index} has {row.Sequence.ComputedLength} tokens computed; expected {expected}: {advice}.");

    private static bool Take(ServingRequest request, int token, TimeSpan now)
    {
        int before = request.TokenCount;
        bool ended = request.Append(token);
        if (request.FirstTokenAt is null && request.TokenCount > before)
        {
            request.FirstTokenAt = now;
        }

        return ended;
    }

    private void CountRecomputed(ServingRequest request, RowWork work)
    {
        int again = Math.Min(request.ComputedBefore, work.Context + work.Tokens) - work.Context;
        if (again > 0)
        {
            request.RecomputedTokens += again;
            _recomputedTokens += again;
        }
    }

    private void EnsureOpen(ScheduledStep step)
    {
        if (!step.IsOpen || !step.IsOf(_plan) || _notifying)
        {
            throw new InvalidOperationException("The step is not the open one of this scheduler, or a listener is being told of it.");
        }
    }

    private void Close(TimeSpan now)
    {
        foreach (ServingRequest request in _running.Span)
        {
            if (request.IsCancelRequested && request.Status == RequestStatus.Running)
            {
                End(request, RequestStatus.Cancelled, now);
                _plan.Ended.Add(request);
            }
        }

        if (_plan.Ended.Count > 0)
        {
            _running.RemoveEnded();
        }

        _plan.Close();
        Notify(_plan.Ended, static (listener, request) => listener.OnEnded(request));
    }
}
