/* One file at a time, from a host that gives bytes on request, to planar float samples in pieces.
 * The host imports: env.host_read(buffer, bytes, position as double) -> bytes read, 0 at the end, below 0 on a fault. */
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/log.h>
#include <libavutil/mem.h>
#include <string.h>

__attribute__((import_module("env"), import_name("host_read"))) int host_read(uint8_t *buffer, int bytes, double at);
#define EXPORT(name) __attribute__((export_name(#name))) name

enum { MOST_CHANNELS = 64 };

static AVFormatContext *input;
static AVIOContext *io;
static AVCodecContext *codec;
static AVPacket *packet;
static AVFrame *frame;
static int64_t position, total;
static int stream, tracks, draining, rate, channels, bits;
/* Packets that could not be decoded: before the first sample, between samples, and since the last ones. */
static int early, inner, pending, given;
static int64_t expected;
static float *out;
static size_t out_bytes;
static char words[256];

static int read_bytes(void *opaque, uint8_t *buffer, int bytes) {
  (void)opaque;
  int count = host_read(buffer, bytes, (double)position);
  if (count < 0) return AVERROR(EIO);
  position += count;
  return count ? count : AVERROR_EOF;
}

static int64_t seek_to(void *opaque, int64_t offset, int whence) {
  (void)opaque;
  whence &= ~AVSEEK_FORCE;
  if (whence == AVSEEK_SIZE) return total;
  if (whence == SEEK_CUR) offset += position;
  else if (whence == SEEK_END) offset += total;
  else if (whence != SEEK_SET) return AVERROR(EINVAL);
  if (offset < 0) return AVERROR(EINVAL);
  return position = offset;
}

void EXPORT(close_input)(void) {
  avcodec_free_context(&codec);
  avformat_close_input(&input);
  if (io) av_freep(&io->buffer);
  avio_context_free(&io);
  av_packet_free(&packet);
  av_frame_free(&frame);
}

static int fail(int fault) {
  av_strerror(fault, words, sizeof words);
  return fault;
}

/* 0, or a negative fault (see text(2)); -1000: no audio in it; -1001: no decoder for text(1). */
int EXPORT(open_input)(double bytes, int probe_bytes) {
  close_input();
  av_log_set_level(AV_LOG_QUIET);
  position = draining = rate = channels = tracks = bits = early = inner = pending = given = 0;
  expected = AV_NOPTS_VALUE;
  total = (int64_t)bytes;
  words[0] = 0;
  io = avio_alloc_context(av_malloc(1 << 16), 1 << 16, 0, NULL, read_bytes, NULL, seek_to);
  input = avformat_alloc_context();
  packet = av_packet_alloc();
  frame = av_frame_alloc();
  if (!io || !input || !packet || !frame) return fail(AVERROR(ENOMEM));
  input->pb = io;
  input->probesize = probe_bytes;
  input->max_analyze_duration = 2 * AV_TIME_BASE;
  input->max_streams = 64;
  input->flags |= AVFMT_FLAG_CUSTOM_IO;
  int result = avformat_open_input(&input, NULL, NULL, NULL);
  if (result < 0) return fail(result);
  result = avformat_find_stream_info(input, NULL);
  if (result < 0) return fail(result);
  stream = -1;
  for (unsigned i = 0; i < input->nb_streams; i++) {
    if (input->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO) {
      if (stream < 0) stream = i;
      tracks++;
    } 
    input->streams[i]->discard = (int)i == stream ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  }
  if (stream < 0) return -1000;
  AVStream *of = input->streams[stream];
  const AVCodec *decoder = avcodec_find_decoder(of->codecpar->codec_id);
  if (!decoder) return -1001;
  codec = avcodec_alloc_context3(decoder);
  if (!codec) return fail(AVERROR(ENOMEM));
  result = avcodec_parameters_to_context(codec, of->codecpar);
  if (result < 0) return fail(result);
  codec->pkt_timebase = of->time_base;
  codec->max_samples = 1 << 22;
  /* What is lossless says whether it is right. */
  const AVCodecDescriptor *about = avcodec_descriptor_get(of->codecpar->codec_id);
  if (about && (about->props & AV_CODEC_PROP_LOSSLESS) && !(about->props & AV_CODEC_PROP_LOSSY))
    codec->err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
  result = avcodec_open2(codec, decoder, NULL);
  return result < 0 ? fail(result) : 0;
}

/* 0: the container; 1: the codec; 2: what went wrong. */
const char *EXPORT(text)(int which) {
  if (which == 0) return input && input->iformat ? input->iformat->name : "";
  if (which == 1) return stream >= 0 && input ? avcodec_get_name(input->streams[stream]->codecpar->codec_id) : "";
  return words;
}

int EXPORT(fact)(int which) {
  switch (which) {
    case 0: return rate;
    case 1: return channels;
    case 2: return early;
    case 3: return inner;
    case 4: return pending;
    case 5: return tracks;
    case 6: return bits;
    default: return 0;
  }
}

/* Seconds that the header promises; 0 where it does not know, or only guesses from the bit rate. */
double EXPORT(promised)(void) {
  AVStream *of = input->streams[stream];
  if (input->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE) return 0;
  if (of->duration == AV_NOPTS_VALUE || of->duration <= 0)
    return input->duration > 0 ? input->duration / (double)AV_TIME_BASE : 0;
  return of->duration * av_q2d(of->time_base);
}

float *EXPORT(samples)(void) { return out; }

static float sample(const uint8_t *at, enum AVSampleFormat format) {
  switch (format) {
    case AV_SAMPLE_FMT_U8: return (*at - 128) / 128.0f;
    case AV_SAMPLE_FMT_S16: return *(const int16_t *)at / 32768.0f;
    case AV_SAMPLE_FMT_S32: return (float)(*(const int32_t *)at / 2147483648.0);
    case AV_SAMPLE_FMT_S64: return (float)(*(const int64_t *)at / 9223372036854775808.0);
    case AV_SAMPLE_FMT_FLT: return *(const float *)at;
    case AV_SAMPLE_FMT_DBL: return (float)*(const double *)at;
    default: return 0;
  }
}

/* Samples a channel, planar at samples(); 0 at the end, below 0 on a fault. */
static int give(void) {
  int count = frame->nb_samples;
  channels = frame->ch_layout.nb_channels;
  rate = frame->sample_rate;
  if (count <= 0) return 0;
  if (channels < 1 || channels > MOST_CHANNELS) return -1002;
  /* Frames of FLAC know where they lie: one that is missing shows. */
  if (codec->codec_id == AV_CODEC_ID_FLAC && !strcmp(input->iformat->name, "flac") && frame->pts != AV_NOPTS_VALUE) {
    if (expected != AV_NOPTS_VALUE && frame->pts > expected) pending++;
    expected = frame->pts + av_rescale_q(count, (AVRational){1, rate}, codec->pkt_timebase);
  }
  if (given) inner += pending;
  else early += pending;
  pending = 0;
  given = 1;
  bits = codec->bits_per_raw_sample;
  size_t needed = (size_t)count * channels * sizeof(float);
  if (needed > out_bytes) {
    av_free(out);
    out = av_malloc(needed);
    out_bytes = out ? needed : 0;
    if (!out) return fail(AVERROR(ENOMEM));
  }
  int planar = av_sample_fmt_is_planar(frame->format);
  enum AVSampleFormat format = av_get_packed_sample_fmt(frame->format);
  int width = av_get_bytes_per_sample(format);
  for (int c = 0; c < channels; c++) {
    const uint8_t *at = planar ? frame->extended_data[c] : frame->extended_data[0] + c * width;
    int step = planar ? width : width * channels;
    float *to = out + (size_t)c * count;
    for (int i = 0; i < count; i++) to[i] = sample(at + (size_t)i * step, format);
  }
  return count;
}

int EXPORT(next_piece)(void) {
  int idle = 0;
  for (;;) {
    int result = avcodec_receive_frame(codec, frame);
    if (result >= 0) {
      int count = give();
      av_frame_unref(frame);
      if (count) return count;
      continue;
    }
    if (result == AVERROR_EOF) return 0;
    if (result != AVERROR(EAGAIN)) {
      pending++;
      if (draining) return 0;
    }
    if (draining) return 0;
    /* A hostile file may hold packets without end that give nothing: the host is asked now and then. */
    if (++idle > 100000) return -1003;
    result = av_read_frame(input, packet);
    if (result < 0) {
      if (result != AVERROR_EOF) pending++;
      draining = 1;
      avcodec_send_packet(codec, NULL);
      continue;
    }
    if (packet->stream_index == stream) {
      result = avcodec_send_packet(codec, packet);
      if (result < 0 && result != AVERROR(EAGAIN)) pending++;
    }
    av_packet_unref(packet);
  }
}
