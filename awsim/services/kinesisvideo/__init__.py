"""Amazon Kinesis Video Streams, its control plane: streams and signaling channels.

There is no video: what is put into and read from a stream (`kinesis-video-media`, `kinesis-video-archived-media`), and
what goes through a channel (`kinesis-video-signaling`, `kinesis-video-webrtc-storage`), is not modelled.
"""

from awsim.services.kinesisvideo.service import KinesisVideo

SERVICE = KinesisVideo
