namespace KvCache.Layerwise;

/// <summary>Proves that pages and frames know each other, and that every frame is in one place.</summary>
internal sealed class LayerIntegrity(LayerMemory memory, Action<string> report)
{
    public void Check()
    {
        LayerFrames frames = memory.Frames;
        HashSet<int> free = [.. frames.Freed];
        Dictionary<int, int> leaving = [];
        foreach ((int number, int serial) in frames.LeavingQueue)
        {
            if (frames[number].Serial == serial)
            {
                leaving[number] = leaving.GetValueOrDefault(number) + 1;
            }
        }

        Expect(free.Count == frames.Freed.Count(), "A frame is free twice.");
        for (int number = 0; number < frames.HighWater; number++)
        {
            Frame frame = frames[number];
            int page = memory.Pages.Frames(frame.Layer).ElementAtOrDefault(frame.Block);
            Expect((frame.Use == FrameUse.Free) == free.Contains(number), $"Frame {number} is {frame.Use} and listed as free: {free.Contains(number)}.");
            Expect(
                leaving.GetValueOrDefault(number) == (frame.Use == FrameUse.Leaving ? 1 : 0),
                $"Frame {number} is {frame.Use} and stands {leaving.GetValueOrDefault(number)} times among those that leave.");
            Expect(
                frame.Use is FrameUse.Free or FrameUse.Leaving || page == number,
                $"Frame {number} holds block {frame.Block} of layer {frame.Layer}, whose page is in frame {page}.");
        }

        CheckPages(frames);
    }

    private void CheckPages(LayerFrames frames)
    {
        for (int layer = 0; layer < memory.Layers; layer++)
        {
            int[] pages = memory.Pages.Frames(layer);
            for (int block = 0; block < pages.Length; block++)
            {
                int number = pages[block];
                Expect(
                    number < 0 || (number < frames.HighWater && frames[number].Layer == layer && frames[number].Block == block
                        && frames[number].Use != FrameUse.Free),
                    $"The page of block {block} in layer {layer} is said to be in frame {number}, which holds something else.");
            }
        }
    }

    private void Expect(bool holds, string fault)
    {
        if (!holds)
        {
            report(fault);
        }
    }
}
