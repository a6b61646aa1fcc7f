using KvCache.Memory;
using KvCache.Tests.Ledger;
using Xunit;

namespace KvCache.Tests.Memory;

public class FenceAndTransferTests
{
    [Fact]
    public void The_default_fence_has_passed_and_the_default_transfer_has_succeeded()
    {
        KvFence fence = default;
        Assert.True(fence.HasPassed);
        fence.Wait();
        KvTransfer transfer = default;
        Assert.True(transfer.TryGetResult(out bool succeeded));
        Assert.True(succeeded);
        Assert.True(transfer.Wait());
    }

    [Fact]
    public void A_transfer_has_no_result_before_its_fence()
    {
        ManualDevice device = new();
        KvTransfer transfer = new(device.RecordFence());
        Assert.False(transfer.Fence.HasPassed);
        Assert.False(transfer.TryGetResult(out bool succeeded));
        Assert.False(succeeded);
        device.PassAll();
        Assert.True(transfer.TryGetResult(out succeeded));
        Assert.True(succeeded);
    }

    [Fact]
    public void A_failed_transfer_ends_without_success()
    {
        ManualDevice device = new() { FailCopies = true };
        KvTransfer transfer = device.Copy([]);
        Assert.False(transfer.TryGetResult(out _));
        Assert.False(transfer.Wait());
        Assert.Equal(1, device.Waits);
        Assert.True(transfer.TryGetResult(out bool succeeded));
        Assert.False(succeeded);
    }
}
