import pytest
import torch
from torch import nn

from kilter.engine.numeric_gradients import along_directions, compare_gradients
from kilter.values.errors import UsageError

X = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
SEQUENCE = torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(1))
IMAGE = torch.randn(2, 4, 6, 6, generator=torch.Generator().manual_seed(2))
VOLUME = torch.randn(1, 2, 4, 4, 4, generator=torch.Generator().manual_seed(3))
LONG = torch.randn(2, 4, 9, generator=torch.Generator().manual_seed(4))
CLASSES = torch.tensor([0, 2, 1])
SHARES = torch.rand(3, 4, generator=torch.Generator().manual_seed(5)) * 0.8 + 0.1
SIGNS = torch.tensor([1.0, -1.0, 1.0])

ACTIVATIONS = [
    nn.CELU, nn.ELU, nn.GELU, nn.GLU, nn.Hardshrink, nn.Hardsigmoid, nn.Hardswish, nn.Hardtanh, nn.Identity,
    nn.LeakyReLU, nn.LogSigmoid, nn.Mish, nn.PReLU, nn.ReLU, nn.ReLU6, nn.SELU, nn.SiLU, nn.Sigmoid, nn.Softplus,
    nn.Softshrink, nn.Softsign, nn.Tanh, nn.Tanhshrink, nn.RReLU, nn.Dropout, nn.AlphaDropout,
]  # fmt: skip
LAYERS = [
    *((kind(), (X,)) for kind in ACTIVATIONS),
    (nn.LogSoftmax(-1), (X,)), (nn.Softmax(-1), (X,)), (nn.Softmin(-1), (X,)), (nn.Threshold(0.1, 0.0), (X,)),
    (nn.Linear(4, 3), (X,)), (nn.Bilinear(4, 4, 2), (X, X.flip(0))), (nn.CosineSimilarity(), (X, X.flip(0))),
    (nn.PairwiseDistance(), (X, X.flip(0))), (nn.Flatten(), (IMAGE,)), (nn.Unflatten(1, (2, 2)), (X,)),
    (nn.BatchNorm1d(4), (X,)), (nn.BatchNorm2d(4), (IMAGE,)), (nn.BatchNorm3d(2), (VOLUME,)),
    (nn.GroupNorm(2, 4), (IMAGE,)), (nn.InstanceNorm1d(4, affine=True), (LONG,)),
    (nn.InstanceNorm2d(4, affine=True), (IMAGE,)), (nn.InstanceNorm3d(2), (VOLUME,)), (nn.LayerNorm(4), (X,)),
    (nn.RMSNorm(4), (X,)), (nn.LocalResponseNorm(2), (IMAGE,)),
    (nn.Conv1d(4, 2, 3), (LONG,)), (nn.Conv2d(4, 2, 3, padding=1, groups=2), (IMAGE,)), (nn.Conv3d(2, 2, 2), (VOLUME,)),
    (nn.ConvTranspose1d(4, 2, 3), (LONG,)), (nn.ConvTranspose2d(4, 2, 3, stride=2), (IMAGE,)),
    (nn.ConvTranspose3d(2, 2, 2), (VOLUME,)), (nn.Fold((4, 4), 2), (torch.randn(1, 8, 9),)), (nn.Unfold(2), (IMAGE,)),
    (nn.MaxPool1d(2), (LONG,)), (nn.MaxPool2d(2), (IMAGE,)), (nn.MaxPool3d(2), (VOLUME,)), (nn.AvgPool1d(2), (LONG,)),
    (nn.AvgPool2d(2), (IMAGE,)), (nn.AvgPool3d(2), (VOLUME,)), (nn.LPPool1d(2, 2), (LONG,)),
    (nn.LPPool2d(2, 2), (IMAGE,)), (nn.LPPool3d(2, 2), (VOLUME,)), (nn.FractionalMaxPool2d(2, output_size=3), (IMAGE,)),
    (nn.FractionalMaxPool3d(2, output_size=2), (VOLUME,)), (nn.AdaptiveAvgPool1d(3), (LONG,)),
    (nn.AdaptiveAvgPool2d(3), (IMAGE,)), (nn.AdaptiveAvgPool3d(2), (VOLUME,)), (nn.AdaptiveMaxPool1d(3), (LONG,)),
    (nn.AdaptiveMaxPool2d(3), (IMAGE,)), (nn.AdaptiveMaxPool3d(2), (VOLUME,)),
    (nn.ReflectionPad1d(1), (LONG,)), (nn.ReflectionPad2d(1), (IMAGE,)), (nn.ReflectionPad3d(1), (VOLUME,)),
    (nn.ReplicationPad1d(1), (LONG,)), (nn.ReplicationPad2d(1), (IMAGE,)), (nn.ReplicationPad3d(1), (VOLUME,)),
    (nn.ZeroPad1d(1), (LONG,)), (nn.ZeroPad2d(1), (IMAGE,)), (nn.ConstantPad3d(1, 2.0), (VOLUME,)),
    (nn.CircularPad2d(1), (IMAGE,)), (nn.PixelShuffle(2), (IMAGE,)), (nn.PixelUnshuffle(2), (IMAGE,)),
    (nn.ChannelShuffle(2), (IMAGE,)), (nn.Upsample(scale_factor=2, mode="bilinear"), (IMAGE,)),
    (nn.UpsamplingNearest2d(scale_factor=2), (IMAGE,)), (nn.UpsamplingBilinear2d(scale_factor=2), (IMAGE,)),
    (nn.Softmax2d(), (IMAGE,)), (nn.Dropout1d(), (LONG,)), (nn.Dropout2d(), (IMAGE,)), (nn.Dropout3d(), (VOLUME,)),
    (nn.FeatureAlphaDropout(), (IMAGE,)),
    (nn.Embedding(5, 3), (CLASSES,)), (nn.EmbeddingBag(5, 3, mode="mean"), (CLASSES[None],)),
    (nn.RNN(4, 3, batch_first=True), (SEQUENCE,)), (nn.LSTM(4, 3, num_layers=2, bidirectional=True), (SEQUENCE,)),
    (nn.GRU(4, 3), (SEQUENCE,)), (nn.RNNCell(4, 3), (X,)), (nn.LSTMCell(4, 3), (X,)), (nn.GRUCell(4, 3), (X,)),
    (nn.MultiheadAttention(4, 2, batch_first=True), (SEQUENCE, SEQUENCE.flip(0), SEQUENCE.flip(1))),
    (nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), (SEQUENCE,)),
    (nn.TransformerDecoderLayer(4, 2, 8, batch_first=True), (SEQUENCE, SEQUENCE.flip(1))),
    (nn.Transformer(4, 2, 1, 1, 8, batch_first=True), (SEQUENCE, SEQUENCE.flip(1))),
    (nn.L1Loss(), (X, X.flip(0))), (nn.MSELoss(), (X, X.flip(0))), (nn.HuberLoss(), (X, X.flip(0))),
    (nn.SmoothL1Loss(), (X, X.flip(0))), (nn.CrossEntropyLoss(), (X, CLASSES)), (nn.NLLLoss(), (X, CLASSES)),
    (nn.BCELoss(), (SHARES, SHARES.flip(0))), (nn.BCEWithLogitsLoss(), (X, SHARES)), (nn.KLDivLoss(), (X, SHARES)),
    (nn.PoissonNLLLoss(), (X, SHARES)), (nn.GaussianNLLLoss(), (X, X.flip(0), SHARES)),
    (nn.SoftMarginLoss(), (X, X.sign().long())),
    (nn.MultiMarginLoss(), (X, CLASSES)), (nn.MultiLabelSoftMarginLoss(), (X, SHARES.round())),
    (nn.HingeEmbeddingLoss(), (X[:, 0], SIGNS.long())), (nn.CosineEmbeddingLoss(), (X, X.flip(0), SIGNS.long())),
    (nn.MarginRankingLoss(), (X[:, 0], X[:, 1], SIGNS.long())), (nn.TripletMarginLoss(), (X, X.flip(0), X.roll(1, 0))),
    (nn.TripletMarginWithDistanceLoss(), (X, X.flip(0), X.roll(1, 0))),
    (nn.MultiLabelMarginLoss(), (X, torch.tensor([[0, 1, -1, 0]] * 3))),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::UserWarning")  # what layers say of options that do not matter here
@pytest.mark.parametrize(("layer", "inputs"), LAYERS, ids=lambda part: type(part).__name__)
def test_layers_of_torch_agree(layer, inputs):
    torch.manual_seed(0)
    slopes = compare_gradients(layer.double(), inputs, entries=2)

    assert slopes
    assert [slope for slope in slopes if not slope.agrees()] == []


def test_most_places_of_smooth_layers_are_judged():
    slopes = compare_gradients(nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2)).double(), [X])

    assert all(slope.smooth for slope in slopes)


class Wrong(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2 * ctx.saved_tensors[0] ** 2


def test_a_wrong_gradient_is_seen_at_numbers_and_along_directions():
    assert not any(slope.agrees() for slope in compare_gradients(Wrong.apply, [X]))
    assert not any(slope.agrees() for slope in along_directions(Wrong.apply, [X], [0]))


def test_a_kink_says_nothing():
    (slope,) = compare_gradients(torch.relu, [torch.zeros(1)])

    assert not slope.smooth
    assert slope.agrees()


def test_a_module_in_single_precision_is_refused():
    with pytest.raises(UsageError, match="double"):
        compare_gradients(nn.Linear(4, 2), [X])


def test_what_cannot_be_differentiated_is_refused():
    with pytest.raises(UsageError, match="depends"):
        compare_gradients(lambda x: x.argmax(-1), [X])


def test_everything_is_left_as_found():
    layer = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5)).double()
    before = {name: tensor.clone() for name, tensor in layer.state_dict().items()}
    state = torch.get_rng_state()
    compare_gradients(layer, [X])

    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(tensor, before[name]) for name, tensor in layer.state_dict().items())
