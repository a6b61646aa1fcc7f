/* A stand-in for CUDA's driver: as much of it as the device needs, without a GPU.
 *
 * Streams are lazy: what is submitted runs when somebody waits for it, or when the test lets it. Device memory is host memory that begins
 * as garbage, so that a missing zero shows. Copies from memory that is not pinned are read at once, copies to it are made at once, as the
 * real driver does. Every call that needs a current context checks for one. Kernels are logged; where the test gives a function that runs
 * them, their turn comes in the order of their stream. */
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_CONTEXT = 201, INVALID_HANDLE = 400, NOT_READY = 600, CAPTURE_UNSUPPORTED = 900 };
enum { COPY, SET, LAUNCH, RECORD, WAIT };
enum { DEVICE, PINNED };
enum { STATIC_SHARED = 49152, MOST_SHARED = 232448, SHARED_OF_MULTIPROCESSOR = 233472, SHARED_RESERVED = 1024, THREADS_OF_MULTIPROCESSOR = 2048 };

typedef struct Stream Stream;
typedef struct { Stream *stream; uint64_t recorded, done; int id; } Event;
typedef struct Module { char *text; } Module;
typedef struct Function { Module *module; char name[512]; int most_shared; struct Function *next; } Function;
typedef struct { const char *text, *name; unsigned grid[3], block[3], shared; const void *arguments; size_t bytes; } Launch;
typedef struct Op { int kind; char *to; const char *from; char *captured; size_t bytes; int value; Event *event; uint64_t version; Launch launch; struct Op *next; } Op;
struct Stream { int id, capturing; Op *first, *last; Stream *next; };
typedef struct Block { char *start; size_t bytes; int kind; struct Block *next; } Block;
typedef struct { int contexts, streams, events, device_blocks, pinned_blocks, without_context, use_after_free, pending, modules, capture_violations; } Counts;

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static __thread void *stack[16];
static __thread int depth;
static Stream null_stream;
static Stream *streams;
static Block *blocks;
static Counts counts;
static char log_text[1 << 20];
static size_t log_length;
static char failing[64];
static int failing_code, lost_code, next_stream = 1, next_event = 1;
static int capturing, occupancy, capability = 90;
static Function *functions;
static void (*run_kernel)(const Launch *);
static size_t capacity = 64u << 20, used;

static void note(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (log_length < sizeof log_text - 256) log_length += (size_t)vsnprintf(log_text + log_length, 256, format, arguments);
    va_end(arguments);
}

static int answer(const char *name, int needs_context) {
    if (needs_context && (depth == 0 || stack[depth - 1] == 0)) { counts.without_context++; return INVALID_CONTEXT; }
    if (strcmp(failing, name) == 0) { failing[0] = 0; return failing_code; }
    return lost_code;
}

/* What the real driver refuses while a stream is being captured. */
#define FORBIDDEN_IN_CAPTURE if (capturing) { counts.capture_violations++; note("forbidden in a capture: %s\n", __func__); result = CAPTURE_UNSUPPORTED; } else
#define BEGIN(needs_context) pthread_mutex_lock(&gate); int result = answer(__func__, needs_context); if (result == OK) {
#define END } pthread_mutex_unlock(&gate); return result

static Block *find(const void *address, size_t bytes, int kind) {
    for (Block *b = blocks; b; b = b->next)
        if (b->kind == kind && (const char *)address >= b->start && (const char *)address + bytes <= b->start + b->bytes) return b;
    return 0;
}

static Stream *of(void *handle) { return handle ? handle : &null_stream; }

static void submit(Stream *stream, Op op) {
    if (stream->capturing) { note("captured\n"); free(op.captured); return; }
    Op *added = malloc(sizeof op);
    *added = op;
    added->next = 0;
    if (stream->last) stream->last->next = added; else stream->first = added;
    stream->last = added;
    counts.pending++;
}

static void run_one(Stream *stream);

static void run_until(Event *event, uint64_t version) {
    while (event->done < version && event->stream && event->stream->first) run_one(event->stream);
}

static void run_one(Stream *stream) {
    Op *op = stream->first;
    if (op->kind == WAIT) run_until(op->event, op->version);
    stream->first = op->next;
    if (!stream->first) stream->last = 0;
    counts.pending--;
    if (op->kind == COPY) {
        if ((!find(op->to, op->bytes, DEVICE) && !find(op->to, op->bytes, PINNED)) || (!op->captured && !find(op->from, op->bytes, DEVICE) && !find(op->from, op->bytes, PINNED)))
            counts.use_after_free++;
        else memmove(op->to, op->captured ? op->captured : op->from, op->bytes);
    } else if (op->kind == SET) {
        if (find(op->to, op->bytes, DEVICE)) memset(op->to, op->value, op->bytes); else counts.use_after_free++;
    } else if (op->kind == RECORD) op->event->done = op->version;
    else if (op->kind == LAUNCH && run_kernel && op->captured) { op->launch.arguments = op->captured; run_kernel(&op->launch); }
    free(op->captured);
    free(op);
}

static void run_all(Stream *stream) { while (stream->first) run_one(stream); }

static void run_everything(void) {
    run_all(&null_stream);
    for (Stream *s = streams; s; s = s->next) run_all(s);
}

/* What tests steer the driver with. */
void fake_run(void *stream, int operations) { pthread_mutex_lock(&gate); while (operations-- > 0 && of(stream)->first) run_one(of(stream)); pthread_mutex_unlock(&gate); }
void fake_run_everything(void) { pthread_mutex_lock(&gate); run_everything(); pthread_mutex_unlock(&gate); }
void fake_fail(const char *function, int code) { pthread_mutex_lock(&gate); snprintf(failing, sizeof failing, "%s", function); failing_code = code; pthread_mutex_unlock(&gate); }
void fake_lose(int code) { pthread_mutex_lock(&gate); lost_code = code; pthread_mutex_unlock(&gate); }
void fake_count(Counts *out) { pthread_mutex_lock(&gate); *out = counts; pthread_mutex_unlock(&gate); }
/* 0 ends it. What is called must not call the driver. */
void fake_run_kernels(void (*run)(const Launch *)) { pthread_mutex_lock(&gate); run_kernel = run; pthread_mutex_unlock(&gate); }
/* For the function that runs kernels: the device's blocks by number; 0 where there are no more. */
int fake_block(int number, char **start, size_t *bytes) {
    for (Block *b = blocks; b; b = b->next) if (b->kind == DEVICE && number-- == 0) { *start = b->start; *bytes = b->bytes; return 1; }
    return 0;
}
void fake_set_occupancy(int blocks_of_multiprocessor) { occupancy = blocks_of_multiprocessor; }
void fake_set_capability(int tens) { capability = tens; }
int fake_take_log(char *out, int size) {
    pthread_mutex_lock(&gate);
    int length = (int)log_length < size ? (int)log_length : size;
    memcpy(out, log_text, (size_t)length);
    log_length = 0;
    pthread_mutex_unlock(&gate);
    return length;
}

/* Device and context. */
int cuInit(unsigned flags) { return OK; }
int cuDriverGetVersion(int *version) { *version = 13000; return OK; }
int cuDeviceGetCount(int *count) { *count = 1; return OK; }
int cuDeviceGet(int *device, int ordinal) { *device = ordinal; return OK; }
int cuDeviceGetName(char *name, int size, int device) { snprintf(name, (size_t)size, "Stand-in 9.0"); return OK; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = capacity; return OK; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    switch (attribute) {
        case 1: case 2: case 3: *value = 1024; break;
        case 4: *value = 64; break;
        case 5: *value = 2147483647; break;
        case 6: case 7: *value = 65535; break;
        case 8: *value = 49152; break;
        case 9: case 12: case 82: *value = 65536; break;
        case 10: *value = 32; break;
        case 13: *value = 1980000; break;
        case 16: *value = 132; break;
        case 38: *value = 50 << 20; break;
        case 39: *value = 2048; break;
        case 40: *value = 3; break;
        case 75: *value = capability / 10; break;
        case 76: *value = capability % 10; break;
        case 81: *value = 233472; break;
        default: *value = 1; break;
    }
    return OK;
}
int cuCtxCreate_v2(void **context, unsigned flags, int device) {
    BEGIN(0) *context = malloc(1); counts.contexts++; if (depth == 0) depth = 1; stack[depth - 1] = *context; END;
}
int cuCtxDestroy_v2(void *context) {
    pthread_mutex_lock(&gate); run_everything(); counts.contexts--; free(context); if (depth && stack[depth - 1] == context) stack[depth - 1] = 0;
    pthread_mutex_unlock(&gate); return OK;
}
int cuCtxSetCurrent(void *context) { if (depth == 0) depth = 1; stack[depth - 1] = context; return OK; }
int cuCtxGetCurrent(void **context) { *context = depth ? stack[depth - 1] : 0; return OK; }
int cuCtxPushCurrent_v2(void *context) { if (depth == 16) return INVALID_CONTEXT; stack[depth++] = context; return OK; }
int cuCtxPopCurrent_v2(void **context) { if (depth == 0) return INVALID_CONTEXT; *context = stack[--depth]; return OK; }
int cuCtxSynchronize(void) { BEGIN(1) FORBIDDEN_IN_CAPTURE run_everything(); END; }
int cuCtxGetCacheConfig(int *config) { *config = 0; return OK; }
int cuCtxSetCacheConfig(int config) { return OK; }
int cuCtxGetSharedMemConfig(int *config) { *config = 1; return OK; }
int cuCtxSetSharedMemConfig(int config) { return OK; }
int cuDeviceCanAccessPeer(int *can, int device, int peer) { *can = 0; return OK; }
int cuMemGetInfo_v2(size_t *free_bytes, size_t *total) { *free_bytes = capacity - used; *total = capacity; return OK; }
int cuPointerGetAttribute(void *data, int attribute, uint64_t pointer) { *(int *)data = 2; return OK; }
int cuGetErrorString(int error, const char **text) { *text = "an error of the stand-in"; return OK; }

/* Memory. */
static void keep(void *start, size_t bytes, int kind) {
    Block *block = malloc(sizeof *block);
    *block = (Block){ start, bytes, kind, blocks };
    blocks = block;
    memset(start, 0xCD, bytes);
    if (kind == DEVICE) { counts.device_blocks++; used += bytes; } else counts.pinned_blocks++;
}

static int drop(const void *start, int kind) {
    for (Block **b = &blocks; *b; b = &(*b)->next)
        if ((*b)->start == start && (*b)->kind == kind) {
            Block *gone = *b;
            *b = gone->next;
            if (kind == DEVICE) { counts.device_blocks--; used -= gone->bytes; } else counts.pinned_blocks--;
            free(gone->start);
            free(gone);
            return OK;
        }
    return INVALID_VALUE;
}

static size_t rounded(size_t bytes) { return (bytes + 255) & ~(size_t)255; }
int cuMemAlloc_v2(uint64_t *address, size_t bytes) {
    BEGIN(1)
        FORBIDDEN_IN_CAPTURE
        if (bytes > capacity - used) result = OUT_OF_MEMORY;
        else { void *start = aligned_alloc(256, rounded(bytes)); keep(start, bytes, DEVICE); *address = (uint64_t)start; note("alloc %zu\n", bytes); }
    END;
}
int cuMemFree_v2(uint64_t address) { BEGIN(1) FORBIDDEN_IN_CAPTURE run_everything(); if (result == OK) result = drop((void *)address, DEVICE); note("free\n"); END; }
int cuMemHostAlloc(void **address, size_t bytes, unsigned flags) {
    BEGIN(1) FORBIDDEN_IN_CAPTURE *address = aligned_alloc(4096, (bytes + 4095) & ~(size_t)4095); if (result == OK) { if (*address) keep(*address, bytes, PINNED); else result = OUT_OF_MEMORY; } END;
}
int cuMemAllocHost_v2(void **address, size_t bytes) { return cuMemHostAlloc(address, bytes, 0); }
int cuMemFreeHost(void *address) { BEGIN(1) run_everything(); result = drop(address, PINNED); END; }
int cuMemHostRegister_v2(void *address, size_t bytes, unsigned flags) { return OK; }
int cuMemHostUnregister(void *address) { return OK; }
int cuMemHostGetDevicePointer_v2(uint64_t *device, void *host, unsigned flags) { *device = (uint64_t)host; return OK; }

static int copy(const char *name, void *to, const void *from, size_t bytes, void *handle, int to_device, int from_device) {
    Stream *stream = of(handle);
    if ((to_device && !find(to, bytes, DEVICE)) || (from_device && !find(from, bytes, DEVICE))) return INVALID_VALUE;
    Op op = { .kind = COPY, .to = to, .from = from, .bytes = bytes };
    if (!from_device && !find(from, bytes, PINNED)) { op.captured = malloc(bytes); memcpy(op.captured, from, bytes); }
    note("%s %zu stream %d\n", name, bytes, stream->id);
    if (!to_device && !find(to, bytes, PINNED) && stream->capturing) { counts.capture_violations++; note("forbidden in a capture: a copy that waits\n"); return CAPTURE_UNSUPPORTED; }
    if (!to_device && !find(to, bytes, PINNED)) { run_all(stream); memcpy(to, from, bytes); return OK; }
    submit(stream, op);
    return OK;
}
int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, void *stream) { BEGIN(1) result = copy("DtoD", (void *)to, (void *)from, bytes, stream, 1, 1); END; }
int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, void *stream) { BEGIN(1) result = copy("HtoD", (void *)to, from, bytes, stream, 1, 0); END; }
int cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, void *stream) { BEGIN(1) result = copy("DtoH", to, (void *)from, bytes, stream, 0, 1); END; }
int cuMemcpyAsync(uint64_t to, uint64_t from, size_t bytes, void *stream) {
    BEGIN(1) result = copy("copy", (void *)to, (void *)from, bytes, stream, find((void *)to, bytes, DEVICE) != 0, find((void *)from, bytes, DEVICE) != 0); END;
}
int cuMemsetD8Async(uint64_t to, unsigned char value, size_t bytes, void *stream) {
    BEGIN(1)
        if (!find((void *)to, bytes, DEVICE)) result = INVALID_VALUE;
        else { note("set %zu stream %d\n", bytes, of(stream)->id); submit(of(stream), (Op){ .kind = SET, .to = (char *)to, .bytes = bytes, .value = value }); }
    END;
}

/* Streams and events. */
int cuStreamCreate(void **handle, unsigned flags) {
    BEGIN(1) Stream *s = calloc(1, sizeof *s); s->id = next_stream++; s->next = streams; streams = s; *handle = s; counts.streams++; note("stream %d flags %u\n", s->id, flags); END;
}
int cuStreamCreateWithPriority(void **handle, unsigned flags, int priority) { return cuStreamCreate(handle, flags); }
int cuStreamDestroy_v2(void *handle) {
    pthread_mutex_lock(&gate);
    run_all(handle);
    for (Stream **s = &streams; *s; s = &(*s)->next) if (*s == handle) { *s = (*s)->next; break; }
    counts.streams--;
    free(handle);
    pthread_mutex_unlock(&gate);
    return OK;
}
int cuStreamSynchronize(void *handle) { BEGIN(1) FORBIDDEN_IN_CAPTURE run_all(of(handle)); END; }
int cuStreamWaitEvent(void *handle, void *event, unsigned flags) {
    BEGIN(1) Event *e = event; note("wait event %d stream %d\n", e->id, of(handle)->id); submit(of(handle), (Op){ .kind = WAIT, .event = e, .version = e->recorded }); END;
}
int cuEventCreate(void **handle, unsigned flags) { BEGIN(1) Event *e = calloc(1, sizeof *e); e->id = next_event++; *handle = e; counts.events++; END; }
int cuEventDestroy_v2(void *handle) { pthread_mutex_lock(&gate); counts.events--; free(handle); pthread_mutex_unlock(&gate); return OK; }
int cuEventRecord(void *handle, void *stream) {
    BEGIN(1) Event *e = handle; e->stream = of(stream); e->recorded++; note("record event %d stream %d\n", e->id, of(stream)->id); submit(of(stream), (Op){ .kind = RECORD, .event = e, .version = e->recorded }); END;
}
int cuEventQuery(void *handle) { BEGIN(1) Event *e = handle; FORBIDDEN_IN_CAPTURE result = e->done == e->recorded ? OK : NOT_READY; END; }
int cuEventSynchronize(void *handle) { BEGIN(1) Event *e = handle; FORBIDDEN_IN_CAPTURE run_until(e, e->recorded); END; }
int cuEventElapsedTime(float *milliseconds, void *from, void *to) { *milliseconds = 1; return OK; }

/* Captures: what is submitted to the stream meanwhile is noted, and does not run. */
int cuStreamBeginCapture_v2(void *handle, int mode) {
    BEGIN(0) Stream *s = of(handle); if (s == &null_stream) result = CAPTURE_UNSUPPORTED; else { s->capturing = 1; capturing++; note("begin capture\n"); } END;
}
int cuStreamEndCapture(void *handle, void **graph) {
    BEGIN(0) Stream *s = of(handle); if (!s->capturing) result = INVALID_VALUE; else { s->capturing = 0; capturing--; *graph = (void *)0x77; note("end capture\n"); } END;
}

/* Kernels. */
static int load(void **handle, const void *image) {
    Module *module = malloc(sizeof *module);
    module->text = strdup(image);
    counts.modules++;
    *handle = module;
    note("load module %zu\n", strlen(module->text));
    return OK;
}
int cuModuleLoadData(void **module, const void *image) { BEGIN(1) FORBIDDEN_IN_CAPTURE result = load(module, image); END; }
int cuModuleLoadDataEx(void **module, const void *image, unsigned count, int *options, void **values) {
    BEGIN(1) FORBIDDEN_IN_CAPTURE result = load(module, image);
    } else {
        char *log = 0; size_t bytes = 0;
        for (unsigned i = 0; i < count; i++) { if (options[i] == 5) log = values[i]; if (options[i] == 6) bytes = (size_t)values[i]; }
        if (log && bytes) snprintf(log, bytes, "ptxas of the stand-in, line 7: what is this?\n");
    END;
}
int cuModuleUnload(void *handle) {
    BEGIN(1)
        Module *module = handle;
        for (Function **f = &functions; *f;) { Function *one = *f; if (one->module == module) { *f = one->next; free(one); } else f = &one->next; }
        free(module->text);
        free(module);
        counts.modules--;
        note("unload module\n");
    END;
}
int cuModuleGetFunction(void **handle, void *module, const char *name) {
    BEGIN(1)
        if (!strstr(((Module *)module)->text, name)) result = 500; /* CUDA_ERROR_NOT_FOUND */
        else {
            Function *function = calloc(1, sizeof *function);
            function->module = module;
            function->most_shared = STATIC_SHARED;
            snprintf(function->name, sizeof function->name, "%s", name);
            function->next = functions;
            functions = function;
            *handle = function;
        }
    END;
}
int cuFuncSetAttribute(void *handle, int attribute, int value) {
    BEGIN(1)
        note("attribute %d = %d\n", attribute, value);
        if (attribute == 8) { if (value > MOST_SHARED) result = INVALID_VALUE; else ((Function *)handle)->most_shared = value; }
    END;
}
int cuLaunchKernel(void *handle, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void *stream, void **parameters, void **extra) {
    BEGIN(1)
        Function *function = handle;
        uint64_t first = extra ? *(uint64_t *)extra[1] : 0;
        size_t bytes = extra ? *(size_t *)extra[3] : 0;
        note("launch grid %u,%u,%u block %u,%u,%u shared %u stream %d first 0x%llx bytes %zu of %.80s\n", gx, gy, gz, bx, by, bz, shared, of(stream)->id, (unsigned long long)first, bytes, function->name);
        if (shared > (unsigned)function->most_shared || gx == 0 || gy == 0 || gz == 0 || bx * by * bz > 1024) result = INVALID_VALUE;
        else {
            Op op = { .kind = LAUNCH, .captured = malloc(bytes + 1), .launch = { function->module->text, function->name, { gx, gy, gz }, { bx, by, bz }, shared, 0, bytes } };
            if (extra) memcpy(op.captured, extra[1], bytes);
            submit(of(stream), op);
        }
    END;
}
int cuOccupancyMaxActiveBlocksPerMultiprocessor(int *count, void *function, int block, size_t shared) {
    BEGIN(1)
        int by_threads = THREADS_OF_MULTIPROCESSOR / block, by_shared = SHARED_OF_MULTIPROCESSOR / ((int)shared + SHARED_RESERVED);
        *count = occupancy > 0 ? occupancy : occupancy < 0 ? 0 : by_threads < by_shared ? by_threads : by_shared;
        note("occupancy of %d threads and %zu bytes: %d\n", block, shared, *count);
    END;
}
int cuOccupancyMaxPotentialBlockSize(int *grid, int *block, void *function, void *callback, size_t shared, int limit) { *grid = 132; *block = 256; return OK; }
